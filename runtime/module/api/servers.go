package api

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/upstream"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// maxServers is how many servers a group has at most once the API adds some: more than
// a zone of a megabyte holds in nginx.
const maxServers = 10_000

// serverList answers for all servers of a group, and POST by adding one.
func (c *call) serverList(u *pass.Upstream) (any, httpd.Result, *problem) {
	if !c.write {
		return showServers(u), httpd.StatusOK, nil
	}
	if c.r.Method != h1.Post {
		return nil, 0, errMethod
	}
	members, p := c.serverBody()
	if p != nil {
		return nil, 0, p
	}
	s := upstream.Server{Weight: 1, MaxFails: 1, FailTimeout: 10}
	e := &edit{server: &s, create: true}
	if p := e.apply(members); p != nil {
		return nil, 0, p
	}
	c.process.change.Lock()
	defer c.process.change.Unlock()
	if len(u.Group().Servers()) >= maxServers {
		return nil, 0, badServer(`upstream "`+u.Host+`" memory exhausted`, "UpstreamOutOfMemory")
	}
	info, err := u.Group().Add(s)
	if err != nil {
		return nil, 0, c.serverRefused(u, -1, err)
	}
	c.save(u)
	c.r.Out.Add(h1.Location, []byte("Location"), append(append([]byte(nil), c.r.URI...), "/"+strconv.Itoa(info.ID)...))
	return showServer(&info), httpd.StatusCreated, nil
}

// server answers for one server of a group.
func (c *call) server(u *pass.Upstream, text string) (any, httpd.Result, *problem) {
	id, ok := conf.ParseInt(text)
	if !ok {
		return nil, 0, errServerID
	}
	var members []rawMember
	if c.r.Method == h1.Patch {
		// The client may take its time to send it.
		var p *problem
		if members, p = c.serverBody(); p != nil {
			return nil, 0, p
		}
	}
	if c.write { // else it need not wait until a state file is on the disk
		c.process.change.Lock()
		defer c.process.change.Unlock()
	}
	var old *upstream.ServerInfo
	for _, s := range u.Group().Servers() {
		if s.ID == id {
			old = &s
		}
	}
	switch {
	case old == nil:
		return nil, 0, noServer(id)
	case !c.write:
		return showServer(old), httpd.StatusOK, nil
	case c.r.Method == h1.Delete:
		if err := u.Group().Remove(id); err != nil {
			return nil, 0, c.serverRefused(u, id, err)
		}
		c.save(u)
		return showServers(u), httpd.StatusOK, nil
	case c.r.Method != h1.Patch:
		return nil, 0, &problem{httpd.StatusConflict, "entry exists", "EntryExists"}
	}
	return c.patch(u, old, members)
}

// patch changes a server.
func (c *call) patch(u *pass.Upstream, old *upstream.ServerInfo, members []rawMember) (any, httpd.Result, *problem) {
	s := old.Server
	e := &edit{server: &s, id: old.ID}
	if p := e.apply(members); p != nil {
		return nil, 0, p
	}
	info, err := u.Group().Change(old.ID, func(now *upstream.Server) { *now = s })
	if err != nil {
		return nil, 0, c.serverRefused(u, old.ID, err)
	}
	c.save(u)
	return showServer(&info), httpd.StatusOK, nil
}

// serverBody reads the object in the request body.
func (c *call) serverBody() ([]rawMember, *problem) {
	body, p := c.body()
	if p != nil {
		return nil, p
	}
	members, p := parseObject(body)
	if p == errKeyFormat {
		p = badServer("an object of JSON is required", "UpstreamConfFormatError")
	}
	return members, p
}

// serverRefused is what a change that the group refuses is answered with.
func (c *call) serverRefused(u *pass.Upstream, id int, err error) *problem {
	switch {
	case errors.Is(err, upstream.ErrNotFound):
		return noServer(id)
	case errors.Is(err, upstream.ErrNoBackup):
		return badServer(`upstream "`+u.Host+`" has no backup`, "UpstreamNoBackup")
	case errors.Is(err, upstream.ErrNoResolver):
		return badServer(err.Error(), "UpstreamConfNoResolver")
	case errors.Is(err, upstream.ErrResolved):
		return badServer(`server "`+strconv.Itoa(id)+`" not removable`, "UpstreamServerImmutable")
	}
	return badServer(err.Error(), "UpstreamConfFormatError")
}

func showServers(u *pass.Upstream) []object {
	list := []object{}
	for _, s := range u.Group().Servers() {
		list = append(list, showServer(&s))
	}
	return list
}

// showServer shows a server as it is configured.
func showServer(s *upstream.ServerInfo) object {
	o := object{
		{"id", s.ID},
		{"server", s.Name},
		{"weight", s.Weight},
		{"max_conns", s.MaxConns},
		{"max_fails", s.MaxFails},
		{"fail_timeout", strconv.FormatInt(s.FailTimeout, 10) + "s"},
		{"slow_start", millis(s.SlowStart)},
		{"route", s.Route},
		{"backup", s.Backup},
		{"down", s.Down},
	}
	if s.Drain {
		o.add("drain", true)
	}
	if s.Service != "" {
		o.add("service", s.Service)
	}
	if s.Parent >= 0 {
		o.add("parent", s.Parent)
		o.add("host", s.Host)
	}
	return o
}

// millis is a time in the largest unit that has no rest: "30s", "1500ms".
func millis(ms int64) string {
	if ms%1000 == 0 {
		return strconv.FormatInt(ms/1000, 10) + "s"
	}
	return strconv.FormatInt(ms, 10) + "ms"
}

// maxName is the longest address, with its port, and service: what a name of DNS has. What the state file has must be read
// again, where a parameter has at most 4 KB.
const maxName = 255 + len(":65535")

// edit applies the members of a request to a server.
type edit struct {
	server *upstream.Server
	id     int
	create bool // else an address, a service and the rank stay
	named  bool
}

// apply changes the server, or says what is wrong.
func (e *edit) apply(members []rawMember) *problem {
	for _, m := range members {
		if p := e.member(m.name, m.raw); p != nil {
			return p
		}
	}
	s := e.server
	switch {
	case e.create && !e.named:
		return badServer(`missing "server" argument`, "UpstreamConfFormatError")
	case s.Service != "" && s.Host == "":
		return badServer(`service upstream "`+s.Name+`" requires domain name`, "UpstreamBadAddress")
	case s.Service != "" && s.Port != 0:
		return badServer(`service upstream "`+s.Name+`" may not have port`, "UpstreamBadAddress")
	case s.Host != "" && s.Service == "" && s.Port == 0:
		s.Port = 80
	}
	return nil
}

// member applies one member.
func (e *edit) member(name string, raw json.RawMessage) *problem {
	s, ok, code := e.server, false, "UpstreamConfFormatError"
	if raw[0] == '{' || raw[0] == '[' {
		return badServer("nested object or list", code)
	}
	switch name {
	case "server":
		return e.address(raw)
	case "weight":
		s.Weight, ok = number(raw)
		ok, code = ok && s.Weight > 0 && s.Weight <= upstream.MaxWeight, "UpstreamBadWeight"
	case "max_conns":
		s.MaxConns, ok = number(raw)
		code = "UpstreamBadMaxConns"
	case "max_fails":
		s.MaxFails, ok = number(raw)
		code = "UpstreamBadMaxFails"
	case "fail_timeout":
		var text string
		if text, ok = scalar(raw); ok {
			s.FailTimeout, ok = conf.ParseSec(text)
		}
		code = "UpstreamBadFailTimeout"
	case "slow_start":
		var text string
		if text, ok = scalar(raw); ok {
			s.SlowStart, ok = conf.ParseMsec(text)
		}
		code = "UpstreamBadSlowStart"
	case "route":
		if s.Route, ok = scalar(raw); ok && len(s.Route) > upstream.MaxRoute {
			return badServer("route is too long", "UpstreamBadRoute")
		}
		ok, code = ok && plain(s.Route), "UpstreamBadRoute"
	case "down":
		s.Down, ok = flag(raw)
	case "drain":
		s.Drain, ok = flag(raw)
	default:
		return e.fixed(name, raw)
	}
	if !ok {
		return badServer(`invalid "`+name+`"`, code)
	}
	return nil
}

// fixed applies what a server has from its beginning on.
func (e *edit) fixed(name string, raw json.RawMessage) *problem {
	s, ok := e.server, false
	switch name {
	case "id", "parent", "host":
		return badServer(`parameter "`+name+`" is read-only`, "UpstreamConfFormatError")
	case "backup":
		var on bool
		if on, ok = flag(raw); ok && !e.create && on != s.Backup {
			ok = false
		}
		s.Backup = on
	case "service":
		text, isText := scalar(raw)
		switch {
		case isText && text == "":
			return badServer("service is empty", "UpstreamBadService")
		case len(text) > maxName:
			return badServer("service is too long", "UpstreamBadService")
		}
		ok = isText && plain(text) && (e.create || text == s.Service)
		s.Service = text
	default:
		return badServer(`unknown parameter "`+name+`"`, "UpstreamConfFormatError")
	}
	if !ok {
		return badServer(`invalid "`+name+`" value`, "UpstreamConfFormatError")
	}
	return nil
}

// address reads the address of a server.
func (e *edit) address(raw json.RawMessage) *problem {
	text, ok := scalar(raw)
	if !ok || text == "" || len(text) > maxName || !plain(text) {
		return badServer(`invalid "server" argument`, "UpstreamBadAddress")
	}
	s := e.server
	u, err := upstream.ParseURL(text, 80, false)
	if err != nil {
		return badServer(`"`+err.Error()+`" while parsing`, "UpstreamBadAddress")
	}
	if !e.create {
		if text != s.Name && (len(s.Addrs) != 1 || len(u.Addrs) != 1 || u.Addrs[0] != s.Addrs[0]) {
			return badServer(`server "`+strconv.Itoa(e.id)+`" address is immutable`, "UpstreamServerImmutable")
		}
		return nil
	}
	e.named = true
	s.Name, s.Addrs = text, u.Addrs
	if u.Addrs == nil {
		s.Host = u.Host
		if !u.NoPort {
			s.Port = u.Port
		}
	}
	return nil
}

// scalar reads a text, or a number as a text.
func scalar(raw json.RawMessage) (text string, ok bool) {
	if raw[0] == '"' {
		return text, json.Unmarshal(raw, &text) == nil
	}
	var n json.Number
	if json.Unmarshal(raw, &n) != nil || n == "" {
		return "", false
	}
	return n.String(), true
}

func number(raw json.RawMessage) (int, bool) {
	text, ok := scalar(raw)
	if !ok {
		return 0, false
	}
	return conf.ParseInt(text)
}

func flag(raw json.RawMessage) (on, ok bool) {
	return on, json.Unmarshal(raw, &on) == nil && raw[0] != 'n'
}
