package runtime

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Traced is a configuration that was loaded to run probes through.
type Traced struct {
	// Loader knows which directive was given in which block.
	Loader *conf.Loader
	// HTTP is without addresses where there is no http block.
	HTTP *httpd.Config
}

// Trace loads a configuration as -t does, but makes, opens and listens on
// nothing; requests that run through it are watched by t. The error is a
// *Problem, or what complete found.
func Trace(o Options, t *httpd.Tracing) (*Traced, error) {
	l := conf.NewLoader(o.ConfPath, o.Prefix)
	l.Record()
	h := newHost()
	h.tracing = t
	cfg, _, err := h.loadWith(l, &o, nil)
	if err != nil {
		return nil, err
	}
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	return &Traced{Loader: l, HTTP: cfg.HTTP}, nil
}
