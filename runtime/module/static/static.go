// Package static serves files: nginx's ngx_http_static_module, the content
// handler that answers wherever no other does. It has no directives; root,
// alias and similar directives are http_core's.
//
// Not supported: aio and directio, which are accepted without effect.
package static

import (
	"errors"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_static_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_static_module", Register: register}
}

func register(b *httpd.Builder, _ *conf.Module) {
	b.Plan(func(p *httpd.Plan) { p.AddContent(handle) })
}

// handle answers with the file that the URI maps to.
func handle(r *httpd.Request) httpd.Result {
	if r.Method&(h1.Get|h1.Head|h1.Post) == 0 {
		return httpd.StatusNotAllowed
	}
	if r.OnFolder() {
		return httpd.Declined
	}
	path, ok := r.MapURI()
	if !ok {
		return httpd.StatusInternalServerError
	}
	if r.Debugging() {
		r.Debugf(`http filename: "%s"`, path)
	}
	info := r.File()
	if err := r.Open(path, info, false); err != nil {
		return failed(r, info, path, err)
	}
	if info.IsDir() {
		return redirect(r)
	}
	if !info.IsFile() {
		r.Logf(errlog.Crit, nil, `"%s" is not a regular file`, path)
		return httpd.StatusNotFound
	}
	if r.Method == h1.Post {
		return httpd.StatusNotAllowed
	}
	if rc := r.DiscardBody(); rc != httpd.OK {
		return rc
	}
	return r.ServeFile(info, path, nil)
}

// failed logs why a file could not be opened and chooses the code.
func failed(r *httpd.Request, info *openfile.Info, path []byte, err error) httpd.Result {
	lv, rc := errlog.Error, httpd.StatusNotFound
	switch {
	case openfile.NotFound(err):
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.EMLINK):
		rc = httpd.StatusForbidden
	default:
		lv, rc = errlog.Crit, httpd.StatusInternalServerError
	}
	if rc != httpd.StatusNotFound || r.Core().LogNotFound {
		r.Logf(lv, err, `%s "%s" failed`, info.Failed, path)
	}
	return rc
}

// redirect sends the client to the directory's name with a slash.
func redirect(r *httpd.Request) httpd.Result {
	esc := h1.EscapeURI(r.Alloc(3*len(r.URI) + 1)[:0], r.URI, h1.ForURI)
	esc = append(esc, '/')
	if len(r.Args) > 0 {
		esc = r.Join(esc, []byte("?"), r.Args)
	}
	r.Out.Set(h1.Location, esc)
	return httpd.StatusMovedPermanently
}
