package upstream

import (
	"errors"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/resource"
)

// server makes a server at a port of 127.0.0.1.
func server(t *testing.T, name, port string) Server {
	t.Helper()
	addr, err := netaddr.ParseAddr("127.0.0.1:" + port)
	if err != nil {
		t.Fatal(err)
	}
	return Server{Name: name, Addrs: []netaddr.Addr{addr}, Weight: 1, MaxFails: 1, FailTimeout: 10}
}

func TestServersChange(t *testing.T) {
	for _, m := range []Balancer{RoundRobin{}, LeastConn{}, Hash{}, Ketama{}, IPHash{}, Random{}, Random{Two: true}, &LeastTime{}} {
		g := NewGroup("u", servers(t, 1, 1), m)
		var gone []netaddr.Addr
		g.OnChange(func(removed []netaddr.Addr) { gone = append(gone, removed...) })
		added, err := g.Add(server(t, "c", "3"))
		if err != nil || added.ID != 2 || added.Name != "127.0.0.1:3" {
			t.Fatalf("%T: %+v, %v", m, added, err)
		}
		used := func() string {
			all := ""
			for _, name := range []string{"a", "b", "c"} {
				for key := range 60 {
					if pick(g, 1, string([]byte{byte(key), byte(key * 7), 'x'})) == name {
						all += name
						break
					}
				}
			}
			return all
		}
		if got := used(); got != "abc" {
			t.Errorf("%T: an added server is not used: %s", m, got)
		}
		if _, err := g.Change(2, func(s *Server) { s.Down = true }); err != nil {
			t.Error(err)
		}
		if _, err := g.Change(0, func(s *Server) { s.Drain = true }); err != nil {
			t.Error(err)
		}
		if got := used(); got != "b" {
			t.Errorf("%T: %s, want only b", m, got)
		}
		if err := g.Remove(1); err != nil || len(gone) != 1 || gone[0].Port() != 2 {
			t.Errorf("%T: %v, removed %v", m, err, gone)
		}
		if got := used(); got != "" {
			t.Errorf("%T: %s, want none", m, got)
		}
		if err := g.Remove(1); !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
		if n := len(g.Servers()); n != 2 {
			t.Errorf("%d servers are left", n)
		}
	}
}

// TestRequestsGoOnOverAChange: a request keeps the peers that it began with, without those that are gone.
func TestRequestsGoOnOverAChange(t *testing.T) {
	g := NewGroup("u", servers(t, 1, 1, 1), RoundRobin{})
	var c Choice
	g.Begin(&c)
	if p := c.Next(); p.Server != "a" {
		t.Fatal(p.Server)
	}
	for id := range 2 {
		if err := g.Remove(id); err != nil {
			t.Fatal(err)
		}
	}
	if n := g.Snapshot().Zombies; n != 1 {
		t.Errorf("%d zombies, want a", n)
	}
	c.Free(Next)
	if n := g.Snapshot().Zombies; n != 0 {
		t.Errorf("%d zombies", n)
	}
	if p := c.Next(); p == nil || p.Server != "c" {
		t.Fatal("c is left")
	}
	c.Free(Worked)
	if !g.Single() {
		t.Error("one is left")
	}
}

func TestBackupsNeedAMethod(t *testing.T) {
	s := server(t, "b", "9")
	s.Backup = true
	if _, err := NewGroup("u", servers(t, 1), Hash{}).Add(s); !errors.Is(err, ErrNoBackup) {
		t.Error(err)
	}
	g := NewGroup("u", servers(t, 1), &LeastTime{})
	if _, err := g.Add(s); err != nil {
		t.Error(err)
	}
	if got := pick(g, 2, ""); got != "aa" {
		t.Errorf("%s, want the primary one", got)
	}
	g.SetHealth(0, Unhealthy)
	if got := pick(g, 1, ""); got != "b" {
		t.Errorf("%s, want the backup", got)
	}
	if _, err := g.Add(Server{Host: "name"}); !errors.Is(err, ErrNoResolver) {
		t.Error(err)
	}
}

func TestHealth(t *testing.T) {
	g := NewGroup("u", servers(t, 1, 1), RoundRobin{})
	if !g.SetHealth(0, Unhealthy) || g.SetHealth(7, Unhealthy) {
		t.Error("the peer of an id")
	}
	if got := pick(g, 2, ""); got != "bb" {
		t.Errorf("%s: a is unhealthy", got)
	}
	g.Checked(0, false)
	s := g.Snapshot().Peers[0]
	if s.State != "unhealthy" || s.Unhealthy != 1 || s.DownStart == 0 || s.Checks != 1 || s.ChecksFailed != 1 || s.LastPassed {
		t.Errorf("%+v", s)
	}
	g.SetHealth(0, Healthy)
	if got := pick(g, 4, ""); strings.Count(got, "a") != 2 {
		t.Errorf("%s: a is well again", got)
	}
	g.SetInitialHealth(Checking)
	if _, err := g.Add(server(t, "c", "3")); err != nil {
		t.Fatal(err)
	}
	if got := pick(g, 4, ""); strings.Contains(got, "c") {
		t.Errorf("%s: c is not checked yet", got)
	}
	if s := g.Snapshot().Peers[2]; s.State != "checking" || s.DownStart == 0 || s.Unavail != 0 {
		t.Errorf("%+v", s)
	}
	g.SetHealth(2, Healthy)
	if got := pick(g, 6, ""); strings.Count(got, "c") != 2 {
		t.Errorf("%s: c has passed", got)
	}
}

func TestFigures(t *testing.T) {
	g := NewGroup("u", servers(t, 1, 1), RoundRobin{})
	var c Choice
	g.Begin(&c)
	c.Next()
	c.Report = Report{Sent: 100, Header: -1, Response: 5}
	c.Free(Failed)
	c.Next()
	c.Report = Report{Status: 204, Sent: 100, Received: 50, Header: 10, Response: 20}
	if s := g.Snapshot(); s.Peers[1].Active != 1 || s.Peers[1].Selected == 0 {
		t.Errorf("%+v", s.Peers[1])
	}
	c.Free(Worked)
	s := g.Snapshot()
	a, b := s.Peers[0], s.Peers[1]
	if a.Requests != 1 || a.Fails != 1 || a.Unavail != 1 || a.State != "unavail" || a.DownStart == 0 || a.Sent != 100 || a.HeaderTime != 0 {
		t.Errorf("%+v", a)
	}
	if b.Requests != 1 || b.Responses != [6]uint64{2: 1} || b.Received != 50 || b.HeaderTime != 10 || b.ResponseTime != 20 || b.State != "up" {
		t.Errorf("%+v", b)
	}
	g.Reset()
	if s := g.Snapshot().Peers[1]; s.Requests != 0 || s.HeaderTime != 0 {
		t.Errorf("%+v", s)
	}
}

// TestHealthIsCarried: a reload does not make a peer healthy, and an added server is not there any more.
func TestHealthIsCarried(t *testing.T) {
	first, set := following(t, nil, 1, 1)
	first.SetHealth(0, Unhealthy)
	if _, err := first.Add(server(t, "c", "3")); err != nil {
		t.Fatal(err)
	}
	second, next := following(t, set, 1, 1)
	next.Adopt()
	set.Stop()
	if got := pick(second, 2, ""); got != "bb" {
		t.Errorf("%s after a reload: a is unhealthy", got)
	}
	if n := len(second.shared.states); n != 2 {
		t.Errorf("%d states are kept", n)
	}
	third, last := following(t, next, 1)
	last.Adopt()
	next.Stop()
	if n := len(third.shared.states); n != 1 {
		t.Errorf("%d states are kept of one peer", n)
	}
	_ = resource.NewSet(last)
}

// TestBoundRequests: a hint chooses a peer, also one that drains, but not one that is down.
func TestBoundRequests(t *testing.T) {
	for _, m := range []Balancer{RoundRobin{}, LeastConn{}, Hash{}, Ketama{}, IPHash{}, Random{}, Random{Two: true}, &LeastTime{}} {
		list := servers(t, 1, 1, 1)
		list[1].Route = "two"
		list[2].Drain = true
		g := New(&Config{Name: "u", Servers: list, Method: m, Sticky: true})
		sid := g.now.Load().primary.Peers[2].sid
		if len(sid) != 32 {
			t.Fatalf("%s", sid)
		}
		for hint, want := range map[string]string{"two": "b", string(sid): "c"} {
			for range 5 {
				c := Choice{Key: []byte("k"), Hint: []byte(hint)}
				g.Begin(&c)
				if p := c.Next(); p.Server != want {
					t.Errorf("%T: %s, want %s", m, p.Server, want)
				}
				c.Free(Worked)
			}
		}
		if got := pick(g, 20, "k"); strings.Contains(got, "c") {
			t.Errorf("%T: %s, but c drains", m, got)
		}
		if _, err := g.Change(1, func(s *Server) { s.Down = true }); err != nil {
			t.Fatal(err)
		}
		c := Choice{Key: []byte("k"), Hint: []byte("two")}
		g.Begin(&c)
		if p := c.Next(); p.Server != "a" {
			t.Errorf("%T: %s, but b is down", m, p.Server)
		}
	}
}

func TestState(t *testing.T) {
	full := server(t, "127.0.0.1:3", "3")
	full.Weight, full.MaxConns, full.MaxFails, full.FailTimeout, full.SlowStart = 2, 3, 4, 5, 6
	full.Route, full.Backup, full.Down = "r", true, true
	g := NewGroup("u", append(servers(t, 1), full, Server{Name: "app.example", Host: "app.example", Service: "http", Weight: 1, MaxFails: 1, FailTimeout: 10}), RoundRobin{})
	if _, err := g.Change(0, func(s *Server) { s.Drain = true }); err != nil {
		t.Fatal(err)
	}
	want := "server 127.0.0.1:1 drain;\n" +
		"server 127.0.0.1:3 weight=2 max_conns=3 max_fails=4 fail_timeout=5s slow_start=6ms route=r backup down;\n" +
		"server app.example service=http resolve;\n"
	if got := string(g.AppendState(nil)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
