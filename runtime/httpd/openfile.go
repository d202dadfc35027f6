package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/openfile"
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
	if oc := &core.OpenFiles; oc.Cache != nil {
		o.Files, o.Valid, o.MinUses, o.Errors = oc.Cache, oc.Validity, oc.MinUses, oc.Errors
	}
	if core.DisableSymlinks != openfile.SymlinksAllowed {
		var from []byte
		if core.SymlinksFrom != nil {
			from = core.SymlinksFrom.Eval(r)
		}
		o.SetSymlinks(core.DisableSymlinks, path, from)
	}
	if e := r.cfg.files.Open(path, &o, info); e != 0 {
		return e
	}
	return nil
}

// File returns the request's own place for an open file; it is closed with the
// request.
func (r *Request) File() *openfile.Info {
	r.fileUsed = true
	return r.file
}
