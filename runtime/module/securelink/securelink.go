package securelink

import (
	"bytes"
	"crypto/md5"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Module is ngx_http_secure_link_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_secure_link_module", Register: register}
}

// settings are the directives of a block.
type settings struct {
	link   conf.Slot[*script.Value] // secure_link
	md5    conf.Slot[*script.Value] // secure_link_md5
	secret conf.Slot[[]byte]        // secure_link_secret
}

// module is what the variables of one configuration share.
type module struct {
	settings *conf.Section[settings]
	expires  int // number of $secure_link_expires
}

func register(b *httpd.Builder, cm *conf.Module) {
	m := &module{}
	m.settings = conf.NewSection(cm, settings{}, func(s *settings, t *conf.Table) {
		value := func(name string, p *conf.Slot[*script.Value]) {
			t.Func(name, func(c *conf.Cmd) error {
				v, err := b.Value(c, 0)
				p.Set(c.Block, v)
				return err
			})
		}
		value("secure_link", &s.link)
		value("secure_link_md5", &s.md5)
		t.Func("secure_link_secret", func(c *conf.Cmd) error {
			s.secret.Set(c.Block, []byte(c.Arg(0)))
			return nil
		})
	})
	m.settings.Finish(cm, m.inherit)
	b.Vars.Define("secure_link", httpd.Var{Get: m.link})
	b.Vars.Define("secure_link_expires", httpd.Var{Get: unknown})
	m.expires = b.Vars.Index("secure_link_expires")
}

var errMixed = errors.New(`"secure_link_secret" cannot be mixed with "secure_link" and "secure_link_md5"`)

// inherit decides between the two forms: a block's own directives take precedence,
// and a block that inherits both uses the newer form.
func (m *module) inherit(b *conf.Block, s *settings) error {
	if b.In(conf.Main | conf.HTTP) {
		return nil // nginx looks at blocks that inherit only
	}
	outer := m.settings.Of(b.Parent)
	if s.secret.SetAt(b) {
		if s.link.SetAt(b) || s.md5.SetAt(b) {
			return errMixed
		}
		s.link.V, s.md5.V = nil, nil
		return nil
	}
	if !s.link.SetAt(b) {
		s.link.V = outer.link.V
	}
	if !s.md5.SetAt(b) {
		s.md5.V = outer.md5.V
	}
	s.secret.V = nil
	if s.link.V == nil && s.md5.V == nil {
		s.secret.V = outer.secret.V
	}
	return nil
}

// link computes $secure_link.
func (m *module) link(r *httpd.Request, _ string) ([]byte, bool) {
	s := m.settings.Of(r.Location().Block)
	if s.secret.V != nil {
		return checkPath(r.Main().Unparsed, s.secret.V, r)
	}
	if s.link.V == nil || s.md5.V == nil {
		return nil, false
	}
	hash, expires, limited := bytes.Cut(s.link.V.Eval(r), []byte(","))
	end := int64(0)
	if limited {
		var ok bool
		if end, ok = parseTime(expires); !ok {
			return nil, false
		}
		r.StoreVar(m.expires, expires)
	}
	if !checkHash(hash, s.md5.V.Eval(r)) {
		return nil, false
	}
	if limited && end < clock.Now().Sec {
		return []byte("0"), true
	}
	return []byte("1"), true
}

// unknown is $secure_link_expires before $secure_link was evaluated, which stores the
// time that it finds.
func unknown(*httpd.Request, string) ([]byte, bool) { return nil, false }

// parseTime reads a positive number of seconds.
func parseTime(b []byte) (int64, bool) {
	n := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' || n > (1<<63-1-int64(c-'0'))/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, n > 0
}

// checkHash compares a hash in base64url, whose padding may be missing, with
// that of text, in constant time.
func checkHash(hash, text []byte) bool {
	if len(hash) > 24 {
		return false
	}
	if i := bytes.IndexByte(hash, '='); i >= 0 {
		hash = hash[:i]
	}
	if bytes.ContainsAny(hash, "\r\n") { // the decoder would skip them
		return false
	}
	var got [18]byte
	n, err := base64.RawURLEncoding.Decode(got[:], hash)
	want := md5.Sum(text)
	return err == nil && n == len(want) && subtle.ConstantTimeCompare(got[:n], want[:]) == 1
}

// allocator gives memory that lives as long as the request.
type allocator interface{ Alloc(n int) []byte }

// checkPath finds the link in /prefix/hash/link, where the hash is that of the
// link and the secret.
func checkPath(uri, secret []byte, a allocator) ([]byte, bool) {
	if len(uri) == 0 {
		return nil, false
	}
	_, rest, ok := bytes.Cut(uri[1:], []byte("/"))
	if !ok {
		return nil, false
	}
	hash, link, ok := bytes.Cut(rest, []byte("/"))
	if !ok || len(hash) != 2*md5.Size || len(link) == 0 {
		return nil, false
	}
	var got [md5.Size]byte
	if _, err := hex.Decode(got[:], hash); err != nil {
		return nil, false
	}
	want := md5.Sum(append(append(a.Alloc(len(link) + len(secret))[:0], link...), secret...))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return nil, false
	}
	return link, true
}
