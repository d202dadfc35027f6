package settings

import (
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// OpenFiles are the open_file_cache directives.
type OpenFiles struct {
	Cache    *openfile.FileCache // nil: off
	Validity time.Duration       // open_file_cache_valid
	MinUses  int
	Errors   bool

	max             int
	inactive, valid int64 // s
	off             bool
}

// set reads the open_file_cache directive.
func (o *OpenFiles) set(e *Env, cmd *conf.Cmd) error {
	o.max, o.inactive, o.off = 0, 60, false
	for i := range cmd.Args {
		a := cmd.Arg(i)
		ok := false
		switch {
		case strings.HasPrefix(a, "max="):
			o.max, ok = conf.ParseInt(a[4:])
			ok = ok && o.max > 0
		case strings.HasPrefix(a, "inactive="):
			o.inactive, ok = conf.ParseSec(a[9:])
		case a == "off":
			o.off, ok = true, true
		}
		if !ok {
			return cmd.Errorf(`invalid "open_file_cache" parameter "%s"`, a)
		}
	}
	if !o.off && o.max == 0 {
		return cmd.Errorf(`"open_file_cache" must have the "max" parameter`)
	}
	o.Cache = nil
	if !o.off {
		o.Cache = openfile.NewFileCache(o.max, time.Duration(o.inactive)*time.Second)
		e.OnRetire(o.Cache.Close)
	}
	return nil
}

func (o *OpenFiles) finish() { o.Validity = time.Duration(o.valid) * time.Second }

// setDisableSymlinks reads the disable_symlinks directive.
func (e *Env) setDisableSymlinks(c *Core, cmd *conf.Cmd) error {
	policy, given := openfile.SymlinksAllowed, false
	var from *script.Value
	for i := range cmd.Args {
		a := cmd.Arg(i)
		if text, ok := strings.CutPrefix(a, "from="); ok {
			if from != nil {
				return cmd.Errorf(`duplicate parameters "%s %s"`, cmd.Arg(0), cmd.Arg(1))
			}
			v, err := e.Compile(text)
			if err != nil {
				return cmd.Errorf("%s", err.Error())
			}
			from = v
			continue
		}
		p, ok := symlinkWords[a]
		if !ok {
			return cmd.Errorf(`invalid parameter "%s"`, a)
		}
		if given {
			return cmd.Errorf(`duplicate parameters "%s %s"`, cmd.Arg(0), cmd.Arg(1))
		}
		policy, given = p, true
	}
	if !given {
		return cmd.Errorf(`"%s" must have "off", "on" or "if_not_owner" parameter`, cmd.Name.Value)
	}
	if policy == openfile.SymlinksAllowed && from != nil {
		return cmd.Errorf(`"from=" cannot be used with "off" parameter`)
	}
	c.DisableSymlinks, c.SymlinksFrom = policy, from
	return nil
}

var symlinkWords = map[string]openfile.Symlinks{
	"off": openfile.SymlinksAllowed, "on": openfile.SymlinksDenied, "if_not_owner": openfile.SymlinksIfOwner,
}
