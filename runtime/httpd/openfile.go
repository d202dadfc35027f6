package httpd

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// OnFolder reports whether the URI ends with a slash. In place of one that
// try_files made empty the last byte of the root counts, which is all of the
// path.
func (r *Request) OnFolder() bool {
	if n := len(r.URI); n > 0 {
		return r.URI[n-1] == '/'
	}
	return r.emptyOnSlash
}

// Open opens a file as open_file_cache, disable_symlinks and the content cache
// ask. Close info after use.
func (r *Request) Open(path []byte, info *openfile.Info, testOnly bool) error {
	core := r.loc.Core
	var o openfile.Options
	o.TestOnly = testOnly
	if oc := &core.openCache; oc.cache != nil {
		o.Files, o.Valid, o.MinUses, o.Errors = oc.cache, oc.validity, oc.minUses, oc.errors
	}
	if core.disableLinks != openfile.SymlinksAllowed {
		var from []byte
		if core.linksFrom != nil {
			from = core.linksFrom.Eval(r)
		}
		o.SetSymlinks(core.disableLinks, path, from)
	}
	if e := r.cfg.files.Open(path, &o, info); e != 0 {
		return e
	}
	return nil
}

// File returns the request's own place for an open file; it is closed with the
// request.
func (r *Request) File() *openfile.Info { return r.file }

// set reads the open_file_cache directive.
func (o *openFileCache) set(b *Builder, cmd *conf.Cmd) error {
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
	o.cache = nil
	if !o.off {
		o.cache = openfile.NewFileCache(o.max, Msec(o.inactive*1000))
		b.Env.Resources.OnRetire(o.cache.Close)
	}
	return nil
}

func (o *openFileCache) finish() { o.validity = Msec(o.valid * 1000) }

// setDisableSymlinks reads the disable_symlinks directive.
func (b *Builder) setDisableSymlinks(c *Core, cmd *conf.Cmd) error {
	policy, given := openfile.SymlinksAllowed, false
	var from *script.Value
	for i := range cmd.Args {
		a := cmd.Arg(i)
		if text, ok := strings.CutPrefix(a, "from="); ok {
			if from != nil {
				return cmd.Errorf(`duplicate parameters "%s %s"`, cmd.Arg(0), cmd.Arg(1))
			}
			v, err := b.Vars.Compile(text)
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
	c.disableLinks, c.linksFrom = policy, from
	return nil
}

var symlinkWords = map[string]openfile.Symlinks{
	"off": openfile.SymlinksAllowed, "on": openfile.SymlinksDenied, "if_not_owner": openfile.SymlinksIfOwner,
}
