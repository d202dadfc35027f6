package index

import (
	"errors"
	"strings"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_index_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_index_module", Register: register}
}

// settings are the names of a block.
type settings struct{ names conf.List[*script.Value] }

const defaultName = "index.html"

func register(b *httpd.Builder, m *conf.Module) {
	s := conf.NewSection(m, settings{}, func(c *settings, t *conf.Table) {
		t.Func("index", func(cmd *conf.Cmd) error { return add(b, c, cmd) })
	})
	fallback := []*script.Value{script.Literal(defaultName)}
	b.Plan(func(p *httpd.Plan) {
		names := s.Of(p.Block).names.Items
		if names == nil {
			names = fallback
		}
		p.AddContent(func(r *httpd.Request) httpd.Result { return handle(r, names) })
	})
}

func add(b *httpd.Builder, c *settings, cmd *conf.Cmd) error {
	for i := range cmd.Args {
		name := cmd.Arg(i)
		if strings.HasPrefix(name, "/") && i != len(cmd.Args)-1 {
			cmd.Warnf(`only the last index in "index" directive should be absolute`)
		}
		if name == "" {
			return cmd.Errorf(`index "%s" in "index" directive is invalid`, name)
		}
		v, err := b.Value(cmd, i)
		if err != nil {
			return err
		}
		c.names.Add(cmd.Block, v)
	}
	return nil
}

// handle looks for the first of names that exists. A file is looked for before
// its directory: requests that are right come first.
func handle(r *httpd.Request, names []*script.Value) httpd.Result {
	if !r.OnFolder() || r.Method&(h1.Get|h1.Head|h1.Post) == 0 {
		return httpd.Declined
	}
	var dir []byte
	tested := false
	for _, v := range names {
		name := v.Eval(r)
		if len(name) > 0 && name[0] == '/' {
			return r.InternalRedirect(name, r.Args)
		}
		if dir == nil {
			var ok bool
			if dir, ok = r.MapURI(); !ok {
				return httpd.StatusInternalServerError
			}
		}
		path := r.Join(dir, name)
		info := r.File()
		err := r.Open(path, info, true)
		if t := r.Tracer(); t != nil {
			t.Event(r, &httpd.Event{Kind: httpd.EventTried, Text: path, On: err == nil})
		}
		if err == nil {
			info.Close()
			return r.InternalRedirect(r.Join(r.URI, name), r.Args)
		}
		failed := info.Failed
		switch {
		case errors.Is(err, syscall.EMLINK), errors.Is(err, syscall.ELOOP):
			return httpd.StatusForbidden
		case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.EACCES):
			return refuse(r, path, err)
		}
		if !tested {
			if rc := testDir(r, dir, path); rc != httpd.OK {
				return rc
			}
			tested = true
		}
		if !errors.Is(err, syscall.ENOENT) {
			r.Logf(errlog.Crit, err, `%s "%s" failed`, failed, path)
			return httpd.StatusInternalServerError
		}
	}
	return httpd.Declined
}

// testDir checks that there is a directory at all. path is the file that was
// not found in it. A directory that does not end in a slash, which alias makes
// of a regular expression, is logged by path, as nginx has it.
func testDir(r *httpd.Request, dir, path []byte) httpd.Result {
	named := path
	if n := len(dir); n > 1 && dir[n-1] == '/' {
		dir = dir[:n-1]
		named = dir
	}
	info := r.File()
	err := r.Open(dir, info, true)
	defer info.Close()
	switch {
	case err == nil && info.IsDir():
		return httpd.OK
	case err == nil:
		r.Logf(errlog.Alert, nil, `"%s" is not a directory`, named)
	case errors.Is(err, syscall.EMLINK), errors.Is(err, syscall.ELOOP):
		return httpd.StatusForbidden
	case errors.Is(err, syscall.ENOENT):
		return refuse(r, path, err)
	case errors.Is(err, syscall.EACCES):
		// The file was not found, so the directory could be searched.
		return httpd.OK
	default:
		r.Logf(errlog.Crit, err, `%s "%s" failed`, info.Failed, named)
	}
	return httpd.StatusInternalServerError
}

// refuse logs why there is no index and chooses the code.
func refuse(r *httpd.Request, path []byte, err error) httpd.Result {
	if errors.Is(err, syscall.EACCES) {
		r.Errorf(err, `"%s" is forbidden`, path)
		return httpd.StatusForbidden
	}
	if r.Core().LogNotFound {
		r.Errorf(err, `"%s" is not found`, path)
	}
	return httpd.StatusNotFound
}
