package authbasic

import (
	"bytes"
	"errors"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_auth_basic_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_auth_basic_module", Register: register}
}

type settings struct {
	realm, file *script.Value
	resolve     func(string) string // against the folder of the configuration
	limiter     *limiter
}

func register(b *httpd.Builder, m *conf.Module) {
	defaults := settings{resolve: b.Loader.ConfFile, limiter: new(limiter)}
	section := conf.NewSection(m, defaults, func(c *settings, t *conf.Table) {
		b.BindValue(t, "auth_basic", &c.realm)
		t.Func("auth_basic_user_file", func(cmd *conf.Cmd) error {
			name := cmd.Arg(0)
			if name == "" || name[0] != '$' {
				name = cmd.Loader.ConfFile(name)
			}
			v, err := b.Vars.Compile(name)
			if err != nil {
				return cmd.Errorf("%s", err.Error())
			}
			c.file = v
			return nil
		})
	})
	b.Plan(func(p *httpd.Plan) {
		c := section.Of(p.Block)
		if c.realm == nil || c.file == nil {
			return
		}
		if realm, static := c.realm.Static(); !static || string(realm) != "off" {
			p.Access(c.check)
		}
	})
}

// check compares the name and password of a request with those of the file.
func (c *settings) check(r *httpd.Request) httpd.Result {
	realm := c.realm.Eval(r)
	if string(realm) == "off" {
		return httpd.Declined
	}
	user, password, ok := r.BasicAuth()
	if !ok || len(user) == 0 {
		r.Logf(errlog.Info, nil, "no user/password was provided for basic authentication")
		return challenge(r, realm)
	}
	name := string(c.file.Eval(r))
	if name == "" || name[0] != '/' {
		name = c.resolve(name)
	}
	stored, found, err := lookup(r, name, user)
	switch {
	case errors.Is(err, syscall.ENOENT):
		r.Errorf(err, `open() "%s" failed`, name)
		return httpd.StatusForbidden
	case err != nil:
		r.Logf(errlog.Crit, err, `open() "%s" failed`, name)
		return httpd.StatusInternalServerError
	case !found:
		r.Errorf(nil, `user "%s" was not found in "%s"`, user, name)
		return challenge(r, realm)
	}
	match, err := c.limiter.verify(stored, password)
	switch {
	case err != nil:
		r.Logf(errlog.Crit, err, "crypt_r() failed")
		return httpd.StatusInternalServerError
	case !match:
		r.Errorf(nil, `user "%s": password mismatch`, user)
		return challenge(r, realm)
	}
	return httpd.OK
}

var (
	nameChallenge      = []byte("WWW-Authenticate")
	nameProxyChallenge = []byte("Proxy-Authenticate")
	valueChallenge     = []byte(`Basic realm="`)
	quote              = []byte(`"`)
)

// challenge requests a password from the client, that for a proxy where the request is CONNECT.
func challenge(r *httpd.Request, realm []byte) httpd.Result {
	value := r.Join(valueChallenge, realm, quote)
	if r.Method == h1.Connect {
		r.Out.Add(h1.ProxyAuthenticate, nameProxyChallenge, value)
		return httpd.StatusProxyAuthRequired
	}
	r.Out.Add(h1.WWWAuthenticate, nameChallenge, value)
	return httpd.StatusUnauthorized
}

// lookup returns the stored password of a user, in memory of its own.
func lookup(r *httpd.Request, name string, user []byte) (stored []byte, found bool, err error) {
	fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = syscall.Close(fd) }()
	l := lines{user: user}
	b := r.Alloc(4096)
	for {
		n, err := syscall.Read(fd, b)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return nil, false, err
		case n <= 0:
			return l.password, l.found, nil
		}
		if l.scan(b[:n]) {
			return l.password, true, nil
		}
	}
}

// lines looks for a user in a file that comes in pieces.
type lines struct {
	user     []byte
	state    lineState
	matched  int    // bytes of the user's name and the colon behind it
	password []byte // what follows them, so far
	found    bool   // the user's line has begun
}

type lineState uint8

const (
	inName lineState = iota
	inPassword
	skipping
)

// maxPassword is the most a password takes; what follows is cut off.
const maxPassword = 2048

// scan processes a piece of the file, and returns true when the password is complete.
func (l *lines) scan(b []byte) bool {
	for len(b) > 0 {
		switch l.state {
		case skipping:
			end := bytes.IndexByte(b, '\n')
			if end < 0 {
				return false
			}
			b = b[end+1:]
			l.state, l.matched = inName, 0
		case inName:
			l.name(b[0])
			if l.state == inName || b[0] != '\n' {
				b = b[1:]
			}
		case inPassword:
			end := bytes.IndexAny(b, "\n\r:")
			part := b
			if end >= 0 {
				part = b[:end]
			}
			l.password = append(l.password, part[:min(len(part), maxPassword-len(l.password))]...)
			if end >= 0 {
				return true
			}
			return false
		}
	}
	return false
}

// name compares one byte with the name and the colon that ends it.
func (l *lines) name(c byte) {
	switch {
	case l.matched == 0 && c == '\n':
	case l.matched == 0 && (c == '#' || c == '\r'):
		l.state = skipping
	case l.matched == len(l.user) && c == ':':
		l.state, l.found = inPassword, true
	case l.matched < len(l.user) && c == l.user[l.matched]:
		l.matched++
	default:
		l.state = skipping
	}
}
