package gzipstatic

import (
	"errors"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/module/gzip"
	"github.com/sluiceproxy/sluice/runtime/openfile"
)

// Module is ngx_http_gzip_static_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_gzip_static_module", Register: register}
}

// The values of gzip_static.
const (
	off = iota
	on
	always
)

type settings struct{ mode int }

func bind(c *settings, t *conf.Table) {
	t.Enum("gzip_static", &c.mode, []conf.Choice{
		{Word: "off", Value: off}, {Word: "on", Value: on}, {Word: "always", Value: always},
	})
}

func register(b *httpd.Builder, m *conf.Module) {
	section := conf.NewSection(m, settings{}, bind)
	checks := gzip.Checks(b)
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); c.mode != off {
			p.AddContent(handler{check: checks(p.Block), always: c.mode == always}.handle)
		}
	})
}

// handler is the content handler of one location.
type handler struct {
	check  gzip.Checker
	always bool
}

var (
	suffix    = []byte(".gz")
	valueGzip = []byte("gzip")
)

// handle answers with the compressed file, if there is one.
func (h handler) handle(r *httpd.Request) httpd.Result {
	if !r.IsGet() {
		return httpd.Declined
	}
	if r.OnFolder() {
		return httpd.Declined
	}
	ok := h.always || h.check.OK(r)
	if !ok && !h.check.Vary() {
		return httpd.Declined
	}
	path, mapped := r.MapURI()
	if !mapped {
		return httpd.StatusInternalServerError
	}
	path = r.Join(path, suffix)
	info := r.File()
	if err := r.Open(path, info, !ok); err != nil {
		logFailure(r, info.Failed, path, err)
		return httpd.Declined
	}
	if !h.always {
		r.GzipVary(h.check.Vary())
	}
	if !ok || info.IsDir() {
		info.Close()
		return httpd.Declined
	}
	if !info.IsFile() {
		r.Logf(errlog.Crit, nil, `"%s" is not a regular file`, path)
		return httpd.StatusNotFound
	}
	if rc := r.DiscardBody(); rc != httpd.OK {
		return rc
	}
	return r.ServeFile(info, path, valueGzip)
}

// logFailure reports a file that is there and cannot be opened.
func logFailure(r *httpd.Request, call string, path []byte, err error) {
	switch {
	case openfile.NotFound(err):
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.EMLINK):
		r.Errorf(err, `%s "%s" failed`, call, path)
	default:
		r.Logf(errlog.Crit, err, `%s "%s" failed`, call, path)
	}
}
