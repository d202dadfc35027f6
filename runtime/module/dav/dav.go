package dav

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_dav_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_dav_module", Register: register}
}

type settings struct {
	methods  conf.Slot[int]
	access   fs.FileMode
	minDepth int
	fullPath bool
}

// off is a word of dav_methods that switches nothing on.
const off = 1 << 30

var methodWords = []conf.Choice{
	{Word: "off", Value: off},
	{Word: "put", Value: int(h1.Put)},
	{Word: "delete", Value: int(h1.Delete)},
	{Word: "mkcol", Value: int(h1.Mkcol)},
	{Word: "copy", Value: int(h1.Copy)},
	{Word: "move", Value: int(h1.Move)},
}

func bind(c *settings, t *conf.Table) {
	t.Bitmask("dav_methods", &c.methods, methodWords)
	t.Flag("create_full_put_path", &c.fullPath)
	t.Num("min_delete_depth", &c.minDepth)
	t.Access("dav_access", &c.access)
}

func register(b *httpd.Builder, m *conf.Module) {
	section := conf.NewSection(m, settings{access: 0o600}, bind)
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); c.methods.V&^off != 0 {
			p.AddContent(c.handle)
		}
	})
}

// handle is the content handler.
func (c *settings) handle(r *httpd.Request) httpd.Result {
	if int(r.Method)&c.methods.V == 0 {
		return httpd.Declined
	}
	switch r.Method {
	case h1.Put:
		return c.put(r)
	case h1.Delete:
		return c.remove(r)
	case h1.Mkcol:
		return c.makeCollection(r)
	default:
		return c.copyOrMove(r)
	}
}

// isCollection reports whether a URI or path stands for a folder.
func isCollection(uri []byte) bool { return len(uri) > 0 && uri[len(uri)-1] == '/' }

// put stores the request's body as a file.
func (c *settings) put(r *httpd.Request) httpd.Result {
	if isCollection(r.URI) {
		r.Errorf(nil, "cannot PUT to a collection")
		return httpd.StatusConflict
	}
	if r.In.Has(h1.ContentRange) {
		r.Errorf(nil, "PUT with range is unsupported")
		return httpd.StatusNotImplemented
	}
	if rc := r.BodyFile(); rc != httpd.OK {
		return rc
	}
	if r.Body.File == nil || r.Parent() != nil {
		r.Errorf(nil, "PUT request body must be in a file")
		return httpd.StatusInternalServerError
	}
	mapped, ok := r.MapURI()
	if !ok {
		return httpd.StatusInternalServerError
	}
	path, status := string(mapped), httpd.StatusCreated
	if info, err := os.Stat(path); err == nil {
		if info.IsDir() {
			r.Errorf(syscall.EISDIR, `"%s" could not be created`, path)
			return httpd.StatusConflict
		}
		status = httpd.StatusNoContent
	}
	move := diskfile.MoveOptions{Access: c.access, PathAccess: c.access, Time: -1, MakePath: c.fullPath, Delete: true}
	if unix, ok := h1.ParseHTTPDate(r.In.Get(h1.Date)); ok {
		move.Time = unix
	}
	if !diskfile.Move(r, r.Body.File.Name(), path, move) {
		return httpd.StatusInternalServerError
	}
	if status == httpd.StatusCreated {
		setLocation(r)
		r.Out.ContentLength = 0
	}
	r.Out.Status = int(status)
	r.SetHeaderOnly()
	if rc := r.SendHeader(); rc != httpd.OK {
		return rc
	}
	return httpd.Done
}

// setLocation sets the Location field of a new resource.
func setLocation(r *httpd.Request) {
	r.Out.Set(h1.Location, h1.EscapeURI(r.Alloc(3 * len(r.URI))[:0], r.URI, h1.ForURI))
}

// withBody refuses a method that has no use for a body.
func withBody(r *httpd.Request, what string) bool {
	if !r.HasBody() {
		return false
	}
	r.Errorf(nil, "%s unsupported", what)
	return true
}

// makeCollection makes a folder.
func (c *settings) makeCollection(r *httpd.Request) httpd.Result {
	if withBody(r, "MKCOL with body is") {
		return httpd.StatusUnsupportedMedia
	}
	if !isCollection(r.URI) {
		r.Errorf(nil, "MKCOL can create a collection only")
		return httpd.StatusConflict
	}
	path, ok := r.MapURI()
	if !ok {
		return httpd.StatusInternalServerError
	}
	folder := string(path[:len(path)-1])
	if err := syscall.Mkdir(folder, uint32(conf.FolderAccess(c.access))); err != nil {
		return failed(r, err, httpd.StatusConflict, "mkdir()", folder)
	}
	setLocation(r)
	return httpd.StatusCreated
}

// failed logs a call that failed and chooses the code; notFound is the one for
// what is not there.
func failed(r *httpd.Request, err error, notFound httpd.Result, call, path string) httpd.Result {
	level, rc := errlog.Error, notFound
	switch {
	case openfile.NotFound(err):
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		rc = httpd.StatusForbidden
	case errors.Is(err, syscall.EEXIST):
		rc = httpd.StatusNotAllowed
	case errors.Is(err, syscall.ENOSPC):
		level, rc = errlog.Crit, httpd.StatusInsufficientStorage
	default:
		level, rc = errlog.Crit, httpd.StatusInternalServerError
	}
	r.Logf(level, err, `%s "%s" failed`, call, path)
	return rc
}

// depth is the value of a Depth header.
type depth int8

const (
	depthInvalid depth = iota - 2
	depthInfinity
)

// depthOf returns the request's Depth, standard without one.
func depthOf(r *httpd.Request, standard depth) depth {
	if !r.In.Has(h1.Depth) {
		return standard
	}
	switch v := r.In.Get(h1.Depth); string(v) {
	case "0":
		return 0
	case "1":
		return 1
	case "infinity":
		return depthInfinity
	default:
		r.Errorf(nil, `client sent invalid "Depth" header: "%s"`, v)
		return depthInvalid
	}
}

const (
	wantInfinity       = `"Depth" header must be infinity`
	wantZeroOrInfinity = `"Depth" header must be 0 or infinity`
)
