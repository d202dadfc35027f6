package httpd

import (
	"bytes"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/script"
)

type tryFile struct {
	value *script.Value
	dir   bool
	code  int
}

// setTryFiles handles the try_files directive. It is not inherited, not even by
// an if in the same location.
func (b *Builder) setTryFiles(cmd *conf.Cmd) error {
	l := b.locs.Of(cmd.Block)
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
		l.tryFiles = append(l.tryFiles, t)
	}
	return nil
}

func (b *Builder) planTryFiles(p *Plan) {
	if files := p.Location.tryFiles; files != nil {
		p.PreContent(func(r *Request) Result { return r.tryFiles(files) })
	}
}

// tryFiles looks for the first name that exists.
func (r *Request) tryFiles(files []tryFile) Result {
	last := len(files) - 1
	for i := range files[:last] {
		if rc := r.tryFile(&files[i]); rc != OK {
			return rc
		}
	}
	return r.tryLast(&files[last])
}

// of returns the name, for a request. Where alias gives a part of the path only, a
// name that begins with the location's does so because of a variable.
func (f *tryFile) of(r *Request) []byte {
	name := f.value.Eval(r)
	if alias, whole := r.IsAlias(); alias && !whole {
		if _, static := f.value.Static(); !static && bytes.HasPrefix(name, r.URI[:min(r.AliasLen(), len(r.URI))]) {
			return name[r.AliasLen():]
		}
	}
	return name
}

// tryFile makes the name the URI if it exists, and returns Declined then; OK says
// that it does not.
func (r *Request) tryFile(f *tryFile) Result {
	alias, whole := r.IsAlias()
	name := f.of(r)
	root := r.Root()
	if alias && !r.validLocation {
		_, _ = r.MapURI() // which logs it
		return StatusInternalServerError
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
	if err != nil && !notFound(err) {
		r.Logf(levelCrit, err, `%s "%s" failed`, failed, path)
	}
	r.Trace(Event{Kind: EventTried, Text: path, On: found})
	if !found {
		return OK
	}
	r.emptyOnSlash = len(root) > 0 && root[len(root)-1] == '/'
	switch {
	case !alias:
		r.URI = name
	case whole:
		if !f.dir {
			r.URI = name
			r.addURIToAlias = true
		}
	default:
		r.URI = r.Join(r.URI[:r.AliasLen()], name)
	}
	return Declined
}

// tryLast goes where the last argument says.
func (r *Request) tryLast(f *tryFile) Result {
	switch rc := Result(f.code); {
	case rc >= 300 || rc == StatusCreated || rc == StatusNoContent:
		return rc
	case rc > 0:
		return Done // nginx has no answer for these
	}
	target := f.of(r)
	if len(target) > 0 && target[0] == '@' {
		return r.NamedLocation(target)
	}
	uri, args := splitArgs(target)
	if args == nil {
		args = target[:0] // known, and empty
	}
	return r.InternalRedirect(uri, args)
}
