package pass

import (
	"net/netip"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/resolver"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// Scheme is a way to write the address of a *_pass directive.
type Scheme struct {
	Prefix string // "http://", in any case; "" fits every address
	Schema string // in error log lines; "": the prefix as it is written
	Port   int    // where the address has none; 0: it has to have one
	TLS    bool
}

// Form is how the addresses of one *_pass directive are written.
type Form struct {
	Schemes []Scheme // the first one that fits counts
	URI     bool     // an address may have a URI part
	Default string   // the address where the directive has no argument
	Client  bool     // addresses with variables are what clients ask for: a wrong one is no error
	Fixed   bool     // an address has no variables
}

// Address is where a request goes: a parsed *_pass value.
type Address struct {
	Schema []byte // "http://"
	Host   []byte // without the port, for TLS and the choice of an upstream
	Name   []byte // $proxy_host
	Port   []byte // $proxy_port
	URI    []byte // the URI part
	TLS    bool
	Number int  // the port; 0: none is given, and there is no default one
	NoPort bool // none is given
}

// Target is a *_pass directive. Immutable once it serves.
type Target struct {
	Text  string        // as written
	Value *script.Value // with variables, nil without
	Addr  Address       // of a text without variables
	Up    *Upstream     // the same
	TLS   *TLS          // where the address asks for it, or may; see TLSBuilder

	form *Form
	ups  *Upstreams
}

// Target reads the argument of a *_pass directive. form lives as long as the target.
func (s *Upstreams) Target(b *httpd.Builder, cmd *conf.Cmd, form *Form) (Target, error) {
	t := Target{Text: cmd.Arg(0), form: form, ups: s}
	if len(cmd.Args) == 0 {
		t.Text = form.Default
	}
	if !form.Fixed {
		v, err := b.Vars.Compile(t.Text)
		if err != nil {
			return t, cmd.Errorf("%s", err.Error())
		}
		if _, static := v.Static(); !static {
			t.Value = v
			return t, nil
		}
	}
	rest, port, ok := t.Addr.split(t.Text, form)
	if !ok {
		return t, cmd.Errorf("invalid URL prefix")
	}
	u, err := upstream.ParseURL(rest, port, form.URI)
	if err != nil {
		return t, cmd.Errorf(`%s in upstream "%s"`, err, rest)
	}
	if t.Up, err = s.Add(cmd, &u); err != nil {
		return t, err
	}
	t.Addr.set(&u, port)
	return t, nil
}

// split takes the scheme off an address; port is the default one. False: there is no
// scheme that the form knows.
func (a *Address) split(text string, form *Form) (rest string, port int, ok bool) {
	for i := range form.Schemes {
		s := &form.Schemes[i]
		if n := len(s.Prefix); len(text) >= n && strings.EqualFold(text[:n], s.Prefix) {
			a.Schema, a.TLS = []byte(s.Schema), s.TLS
			if s.Schema == "" {
				a.Schema = []byte(text[:n])
			}
			return text[n:], s.Port, true
		}
	}
	return "", 0, false
}

// set takes the parts of a parsed address with its default port.
func (a *Address) set(u *upstream.URL, port int) {
	a.Host, a.URI, a.Number, a.NoPort = []byte(u.Host), []byte(u.URI), u.Port, u.NoPort
	switch {
	case u.Unix:
		a.Name, a.Port = []byte("localhost"), nil
	case u.NoPort || u.Port == port:
		a.Name, a.Port = a.Host, []byte("80")
		if port == 443 {
			a.Port = []byte("443")
		}
	default:
		a.Name, a.Port = []byte(u.Host+":"+u.PortText), []byte(u.PortText)
	}
}

// Authority is the address as a URL has it.
func (a *Address) Authority() string {
	if len(a.Port) == 0 {
		return "unix:" + string(a.Host) + ":"
	}
	return string(a.Name)
}

// SetTarget makes t the target of x, before the request body is read: it evaluates an address with
// variables. A name in it that is no upstream block is looked up by Run.
func (x *Exchange) SetTarget(t *Target) httpd.Result {
	x.To, x.Up, x.TLS = &t.Addr, t.Up, t.TLS
	if t.Value == nil {
		return httpd.OK
	}
	r, a := x.R, &x.own
	*a = Address{} // of the request before: $proxy_host is there even if this address is a wrong one
	x.To = a
	text := string(t.Value.Eval(r))
	rest, port, ok := a.split(text, t.form)
	if !ok || rest == "" && text != "" {
		r.Errorf(nil, `invalid URL prefix in "%s"`, text)
		return httpd.StatusInternalServerError
	}
	u, err := upstream.ParseURL(rest, port, t.form.URI)
	if err != nil {
		lv := errlog.Error
		if t.form.Client {
			lv = errlog.Info
		}
		r.Logf(lv, nil, `%s in upstream "%s"`, err, rest)
		return httpd.StatusInternalServerError
	}
	if strings.HasPrefix(u.URI, "?") {
		u.URI = "/" + u.URI
	}
	a.set(&u, port)
	if !a.TLS {
		x.TLS = nil
	}
	if x.Up = t.ups.Find(a.Host, u.Port, u.NoPort); x.Up == nil && u.Addrs != nil {
		if u.Port == 0 && !u.Unix {
			return x.noPort()
		}
		x.Group = group(u.Host, u.Addrs)
	}
	return httpd.OK
}

// noPort refuses an address found at run time that lacks its port.
func (x *Exchange) noPort() httpd.Result {
	x.R.Errorf(nil, `no port in upstream "%s"`, x.To.Host)
	return httpd.StatusInternalServerError
}

// group makes the upstream of an address found at run time.
func group(name string, addrs []netaddr.Addr) *upstream.Group {
	return upstream.NewGroup(name, []upstream.Server{{
		Name: name, Addrs: addrs, Weight: 1, MaxFails: 1, FailTimeout: 10,
	}}, upstream.RoundRobin{})
}

// lookup resolves a name that was found at run time.
func (x *Exchange) lookup() httpd.Result {
	r := x.R
	if x.To.Number == 0 {
		return x.noPort()
	}
	res, limit := r.Core().Resolver()
	if res == nil {
		r.Errorf(nil, "no resolver defined to resolve %s", x.To.Host)
		return httpd.StatusBadGateway
	}
	cancel := x.beginLookup()
	ips, _, err := res.Resolve(nil, string(x.To.Host), resolver.Wait{Timeout: limit, Cancel: cancel})
	if rc := x.endLookup(); rc != httpd.OK {
		return rc
	}
	if err != nil {
		r.Errorf(nil, "%s", err.Error())
		return httpd.StatusBadGateway
	}
	addrs := make([]netaddr.Addr, len(ips))
	for i, ip := range ips {
		addrs[i] = netaddr.AddrFrom(netip.AddrPortFrom(ip, uint16(x.To.Number)))
	}
	x.Group = group(string(x.To.Host), addrs)
	return httpd.OK
}

// ReadBody reads the request body. Where stream is true and *_request_buffering is off,
// it reads only what is there, and the rest is passed on as it comes (Stream).
func (x *Exchange) ReadBody(stream bool) httpd.Result {
	r := x.R
	if stream && !x.S.RequestBuffering && !x.NoBody && r.Parent() == nil {
		if rc := r.ReadBodyReady(); rc != httpd.OK {
			return rc
		}
		if !r.BodyDone() {
			x.Stream = true
			return httpd.OK
		}
	}
	return r.ReadBody()
}
