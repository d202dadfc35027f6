package runtime

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// Inspection is a configuration that was read to be looked at, not to be run.
type Inspection struct {
	// Loader has read the files. Its blocks and statements are there even
	// where something was wrong.
	Loader *conf.Loader
	// Problems is everything that was found, in reading order.
	Problems []conf.Problem
	// Unknown are the variables of http that are used and that nothing defines.
	Unknown []string
	// Variables are the names of the variables of http that exist.
	Variables []string
	// Sound is set when the configuration would be run.
	Sound bool
}

// Inspect reads a configuration as -t does, but makes, opens and listens on
// nothing. The statements of skip, see [conf.Loader], are passed over.
func Inspect(o Options, skip map[int]bool) *Inspection {
	l := conf.NewLoader(o.ConfPath, o.Prefix)
	l.Skip = skip
	cfg, reg, err := newHost().loadWith(l, &o, nil)
	if err == nil {
		if err = cfg.complete(); err != nil {
			l.Errorf("%s", err.Error())
		}
	}
	return &Inspection{
		Loader:    l,
		Problems:  l.Problems(),
		Unknown:   reg.http.Vars.Unknown(),
		Variables: reg.http.Vars.Names(),
		Sound:     err == nil,
	}
}
