package pass

import (
	"io"
	"os"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Store is *_store: responses are kept as files.
type Store struct {
	enabled bool
	at      *conf.Block   // that has turned it on
	path    *script.Value // nil: the path the URI maps to
	access  os.FileMode
}

func (s *Store) on() bool { return s.enabled }

func (s *Store) table(b *httpd.Builder, t *conf.Table, prefix string, cache *caching.Settings) {
	t.Func(prefix+"store", func(c *conf.Cmd) error {
		s.enabled, s.path = false, nil
		if c.Arg(0) != "off" {
			if cache.SetAt(c.Block) {
				return c.Bad(`is incompatible with "` + prefix + `cache"`)
			}
			cache.TurnOff(c.Block)
			s.at = c.Block
		}
		switch c.Arg(0) {
		case "off":
			return nil
		case "":
			return c.Errorf("empty path")
		case "on":
			s.enabled = true
			return nil
		}
		if strings.HasSuffix(c.Arg(0), "${") { // nginx reads the byte behind the text, too
			return c.Errorf(`the closing bracket in "" variable is missing`)
		}
		v, err := b.Value(c, 0)
		s.enabled, s.path = true, v
		return err
	})
	t.Access(prefix+"store_access", &s.access)
}

// storing is a response on its way into a file.
type storing struct {
	file *os.File
	from *os.File // that the piece of the response lies in that is being passed on
	size int64
	ok   bool // all of it was written
}

func (s *storing) begin(x *Exchange) error {
	if !x.S.Store.enabled || x.Response.Status != 200 {
		return nil
	}
	f, err := x.S.Temp.Create(x.R)
	s.file, s.ok = f, err == nil
	return err
}

// spools reports whether the response reaches the client through the file. Then its
// pieces need not be sent at once; in nginx they are where the file is read into
// buffers.
func (s *storing) spools(x *Exchange) bool {
	return s.file != nil && x.R.Core().Sendfile && !x.R.NeedMemory()
}

// write adds a piece; true while the response is being stored.
func (s *storing) write(x *Exchange, o *httpd.Out) bool {
	if s.file == nil || !s.ok {
		return false
	}
	var err error
	if o.IsFile {
		b := buf.Sized(readSize)
		from := io.NewSectionReader(s.from, o.Off, o.Len)
		_, err = io.CopyBuffer(struct{ io.Writer }{s.file}, from, b.B)
		b.Free()
	} else {
		_, err = s.file.Write(o.Mem)
	}
	s.size += o.Size()
	if err != nil {
		x.R.Logf(errlog.Crit, err, `pwrite() "%s" failed`, s.file.Name())
		s.ok = false
	}
	return s.ok
}

// end moves a complete response to its place.
func (s *storing) end(x *Exchange) {
	defer s.drop(x)
	if n := x.Response.ContentLength; s.file == nil || !s.ok || n != -1 && n != s.size {
		return
	}
	r := x.R
	var path []byte
	if x.S.Store.path != nil {
		path = x.S.Store.path.Eval(r)
	} else if p, ok := r.MapURI(); ok {
		path = p
	}
	if len(path) == 0 {
		return
	}
	access := x.S.Store.access
	move := diskfile.MoveOptions{Access: access, PathAccess: access, Time: -1, MakePath: true, Delete: true}
	if f := x.Response.Get(h1.LastModified); f != nil {
		if unix, ok := h1.ParseHTTPDate(f.Value); ok {
			move.Time = unix
		}
	}
	diskfile.Move(r, s.file.Name(), string(path), move)
	_ = s.file.Close()
	s.file = nil
}

// drop removes the file of a response that is not to be kept.
func (s *storing) drop(*Exchange) {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
	}
	*s = storing{}
}

// emit sends p.piece, and keeps a copy of it where the response is stored.
func (p *pump) emit() error {
	stored := p.store.write(p.x, &p.piece)
	err := p.x.R.Output(&p.piece)
	if err != nil && (stored || p.keeping()) {
		return nil // the response is completed for the sake of the store or the cache
	}
	return err
}
