package core

import (
	"bytes"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// tryFiles are the arguments of a try_files directive. They hold in the block at only: not
// even an if in the same location inherits them.
type tryFiles struct {
	files []tryFile
	at    *conf.Block
}

func addTryFiles(b *httpd.Builder, m *conf.Module) {
	section := conf.NewSection(m, tryFiles{}, func(s *tryFiles, t *conf.Table) {
		t.Func("try_files", func(cmd *conf.Cmd) error { return s.read(b, cmd) })
	})
	b.Plan(func(p *httpd.Plan) {
		if s := section.Of(p.Block); s.at != nil && s.at == p.Block {
			p.PreContent(s.handle)
		}
	})
}

// read reads the arguments of try_files.
func (s *tryFiles) read(b *httpd.Builder, cmd *conf.Cmd) error {
	s.files, s.at = nil, cmd.Block
	n := len(cmd.Args)
	for i, a := range cmd.Args {
		name := a.Value
		t := tryFile{code: -1}
		last := i == n-1
		if !last && strings.HasSuffix(name, "/") {
			t.dir = true
			name = name[:len(name)-1]
		}
		if last && strings.HasPrefix(name, "=") {
			code, ok := conf.ParseInt(name[1:])
			if !ok || code > 999 {
				return cmd.Errorf(`invalid code "%s"`, name)
			}
			if code > 0 { // else a path
				t.code = code
			}
		}
		v, err := b.Vars.Compile(name)
		if err != nil {
			return cmd.Errorf("%s", err.Error())
		}
		t.value = v
		s.files = append(s.files, t)
	}
	return nil
}

// tryFile is an argument of try_files.
type tryFile struct {
	value *script.Value
	dir   bool
	code  int // of the last one, -1: it is a path
}

// handle looks for the first name that exists.
func (s *tryFiles) handle(r *httpd.Request) httpd.Result {
	files, last := s.files, len(s.files)-1
	for i := range files[:last] {
		if rc := files[i].try(r); rc != httpd.OK {
			return rc
		}
	}
	return files[last].end(r)
}

// of returns the name, for a request. Where alias gives a part of the path only, a
// name that begins with the location's does so because of a variable.
func (f *tryFile) of(r *httpd.Request) []byte {
	name := f.value.Eval(r)
	if alias, whole := r.IsAlias(); alias && !whole {
		if _, static := f.value.Static(); !static && bytes.HasPrefix(name, r.URI[:min(r.AliasLen(), len(r.URI))]) {
			return name[r.AliasLen():]
		}
	}
	return name
}

// try makes the name the URI if it exists, and returns httpd.Declined then; httpd.OK says
// that it does not.
func (f *tryFile) try(r *httpd.Request) httpd.Result {
	name := f.of(r)
	root := r.Root()
	if alias, _ := r.IsAlias(); alias && !r.ValidLocation() {
		_, _ = r.MapURI() // which logs it
		return httpd.StatusInternalServerError
	}
	path := r.Join(root, name)
	if r.Debugging() {
		kind := "file"
		if f.dir {
			kind = "dir"
		}
		r.Debugf(`trying to use %s: "%s" "%s"`, kind, name, path)
	}
	var info openfile.Info
	err := r.Open(path, &info, true)
	isDir, failed := err == nil && info.IsDir(), info.Failed
	info.Close()
	found := err == nil && isDir == f.dir
	if err != nil && !openfile.NotFound(err) {
		r.Logf(errlog.Crit, err, `%s "%s" failed`, failed, path)
	}
	r.Trace(httpd.Event{Kind: httpd.EventTried, Text: path, On: found})
	if !found {
		return httpd.OK
	}
	r.TakeFile(root, name, f.dir)
	return httpd.Declined
}

// end goes where the last argument says.
func (f *tryFile) end(r *httpd.Request) httpd.Result {
	switch rc := httpd.Result(f.code); {
	case rc >= 300 || rc == httpd.StatusCreated || rc == httpd.StatusNoContent:
		return rc
	case rc > 0:
		return httpd.Done // nginx has no answer for these
	}
	target := f.of(r)
	if len(target) > 0 && target[0] == '@' {
		return r.NamedLocation(target)
	}
	uri, args := httpd.SplitArgs(target)
	if args == nil {
		args = target[:0] // known, and empty
	}
	return r.InternalRedirect(uri, args)
}
