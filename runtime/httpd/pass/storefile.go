package pass

import (
	"os"
	"strings"

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
	size int64
	ok   bool   // all of it was written
	path []byte // where it goes, see locate
	at   bool   // path is known
}

// begin makes the file. A response that is not buffered is not stored, as it is not cached.
func (s *storing) begin(x *Exchange) error {
	if !x.S.Store.enabled || x.Response.Status != 200 || !x.Buffering {
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

// on reports whether the response is being stored.
func (s *storing) on() bool { return s.file != nil && s.ok }

// write adds a piece of the body.
func (s *storing) write(x *Exchange, p []byte) {
	_, err := s.file.Write(p)
	s.size += int64(len(p))
	if err != nil {
		x.R.Logf(errlog.Crit, err, `pwrite() "%s" failed`, s.file.Name())
		s.ok = false
	}
}

// locate finds out where the file goes. It runs on the request's goroutine: the path may have
// variables.
func (s *storing) locate(x *Exchange) {
	if s.at {
		return
	}
	s.at = true
	if x.S.Store.path != nil {
		s.path = x.S.Store.path.Eval(x.R)
	} else if p, ok := x.R.MapURI(); ok {
		s.path = p
	}
}

// end moves a complete response to its place.
func (s *storing) end(x *Exchange) {
	if s.file == nil {
		return
	}
	defer s.drop()
	if n := x.Response.ContentLength; !s.ok || n != -1 && n != s.size {
		return
	}
	if s.locate(x); len(s.path) == 0 {
		return
	}
	access := x.S.Store.access
	move := diskfile.MoveOptions{Access: access, PathAccess: access, Time: -1, MakePath: true, Delete: true}
	if f := x.Response.Get(h1.LastModified); f != nil {
		if unix, ok := h1.ParseHTTPDate(f.Value); ok {
			move.Time = unix
		}
	}
	diskfile.Move(x.R, s.file.Name(), string(s.path), move)
	_ = s.file.Close()
	s.file = nil
}

// drop removes the file of a response that is not to be kept.
func (s *storing) drop() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
	}
	*s = storing{}
}
