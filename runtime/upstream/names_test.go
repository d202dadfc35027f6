package upstream

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/resolver"
	"github.com/sluiceproxy/sluice/runtime/resource"
)

// nameServer answers queries in memory.
type nameServer struct {
	mu     sync.Mutex
	zone   map[string][]string // records by "name. TYPE"; names that are not there do not exist
	mute   bool
	broken bool // every answer is a failure
	asked  int
	logged []string
}

func (n *nameServer) set(edit func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	edit()
}

// records sets what is known of a name.
func (n *nameServer) records(key string, list ...string) {
	n.set(func() { n.zone[key] = list })
}

// questions returns how many queries there were.
func (n *nameServer) questions() (asked int) {
	n.set(func() { asked = n.asked })
	return asked
}

func (n *nameServer) log(text string) { n.set(func() { n.logged = append(n.logged, text) }) }

func (n *nameServer) dial(context.Context, string, netip.AddrPort) (net.Conn, error) {
	client, end := net.Pipe()
	go func() {
		defer func() { _ = end.Close() }()
		buf := make([]byte, 4096)
		for {
			size, err := end.Read(buf)
			if err != nil {
				return
			}
			query := new(dns.Msg)
			if query.Unpack(buf[:size]) != nil {
				return
			}
			if m := n.answer(query); m != nil {
				wire, _ := m.Pack()
				_, _ = end.Write(wire)
			}
		}
	}()
	return client, nil
}

func (n *nameServer) answer(query *dns.Msg) *dns.Msg {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	q, m := query.Question[0], new(dns.Msg)
	list, known := n.zone[q.Name+" "+dns.TypeToString[q.Qtype]]
	switch {
	case n.mute:
		return nil
	case n.broken:
		m.SetRcode(query, dns.RcodeServerFailure)
		return m
	case !known:
		m.SetRcode(query, dns.RcodeNameError)
		return m
	}
	m.SetReply(query)
	for _, text := range list {
		rr, err := dns.NewRR(text)
		if err != nil {
			panic(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	return m
}

// lookups starts the lookups of g.
func (n *nameServer) watch(t *testing.T, g *Group) {
	t.Helper()
	r := resolver.New(resolver.Config{Servers: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53")}, IPv4: true, Dial: n.dial})
	g.Watch(Lookups{Resolver: r, Timeout: 30 * time.Second, Log: n.log})
	t.Cleanup(func() {
		g.Stop()
		r.Close()
	})
}

// named is a server with resolve.
func named(host, service string) Server {
	return Server{Name: host, Host: host, Service: service, Port: 8080, Weight: 1, MaxFails: 1, FailTimeout: 10}
}

// peersOf lists the addresses of g, backups with a sign.
func peersOf(g *Group) string {
	var list []string
	for _, p := range g.Snapshot().Peers {
		text := p.Name
		if p.Weight != 1 {
			text += "*" + string(rune('0'+p.Weight))
		}
		if p.Backup {
			text += " backup"
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// bubble runs fn with a name server in a bubble of synctest.
func bubble(t *testing.T, fn func(t *testing.T, n *nameServer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		// fn may register clean-ups, which run inside the bubble.
		fn(t, &nameServer{zone: map[string][]string{}})
	})
}

// TestNamesAreResolvedAgain: addresses come and go with the answers, when the one before is over; a peer that
// stays keeps its state, and the connections to one that goes are to be closed.
func TestNamesAreResolvedAgain(t *testing.T) {
	bubble(t, func(t *testing.T, n *nameServer) {
		n.records("app.example. A", "app.example. 5 A 192.0.2.1", "app.example. 5 A 192.0.2.2")
		g := New(&Config{Name: "u", Servers: []Server{named("app.example", "")}})
		var removed []string
		g.OnChange(func(list []netaddr.Addr) {
			for _, a := range list {
				n.set(func() { removed = append(removed, a.String()) })
			}
		})
		if got := pick(g, 1, ""); got != "-" {
			t.Errorf("%s before the first answer", got)
		}
		n.watch(t, g)
		time.Sleep(10 * time.Millisecond)
		if got := peersOf(g); got != "192.0.2.1:8080, 192.0.2.2:8080" {
			t.Errorf("%s", got)
		}
		var c Choice
		g.Begin(&c)
		first := c.Next()
		c.Free(Failed)
		n.records("app.example. A", "app.example. 5 A 192.0.2.3", "app.example. 5 A "+first.Addr.IP().String())
		time.Sleep(7 * time.Second)
		other := "192.0.2.2:8080"
		if first.Addr.IP().String() == "192.0.2.2" {
			other = "192.0.2.1:8080"
		}
		if got := peersOf(g); strings.Contains(got, other) || !strings.Contains(got, "192.0.2.3:8080") {
			t.Errorf("%s", got)
		}
		n.set(func() {
			if len(removed) != 1 || removed[0] != other {
				t.Errorf("removed %v, want %s", removed, other)
			}
		})
		if s := g.Snapshot().Peers[0]; s.Name != string(first.Name) || s.Fails != 1 || s.State != "unavail" {
			t.Errorf("%+v: the failure is forgotten", s)
		}
		if list := g.Servers(); len(list) != 3 || list[2].Host != "app.example" || list[0].Parent != list[2].ID {
			t.Errorf("%+v", list)
		}
	})
}

// TestFailedLookups: where a lookup fails the peers stay, where the name is gone they go.
func TestFailedLookups(t *testing.T) {
	bubble(t, func(t *testing.T, n *nameServer) {
		n.records("app.example. A", "app.example. 5 A 192.0.2.1")
		g := New(&Config{Name: "u", Servers: []Server{named("app.example", "")}})
		n.watch(t, g)
		time.Sleep(time.Second)
		n.set(func() { n.broken = true })
		time.Sleep(40 * time.Second)
		if got := peersOf(g); got != "192.0.2.1:8080" {
			t.Errorf("%q after failures", got)
		}
		n.set(func() { n.broken, n.mute = false, true })
		time.Sleep(70 * time.Second)
		if got := peersOf(g); got != "192.0.2.1:8080" {
			t.Errorf("%q after time-outs", got)
		}
		n.set(func() { n.mute = false; delete(n.zone, "app.example. A") })
		time.Sleep(90 * time.Second)
		if got := peersOf(g); got != "" {
			t.Errorf("%q though the name is gone", got)
		}
		n.mu.Lock()
		logged := strings.Join(n.logged, "\n")
		n.mu.Unlock()
		for _, want := range []string{
			"app.example could not be resolved (2: Server failure)", "app.example could not be resolved (110: Operation timed out)",
			"app.example could not be resolved (3: Host not found)",
		} {
			if !strings.Contains(logged, want) {
				t.Errorf("no %q in\n%s", want, logged)
			}
		}
		n.records("app.example. A", "app.example. 5 A 192.0.2.7")
		time.Sleep(15 * time.Second)
		if got := peersOf(g); got != "192.0.2.7:8080" {
			t.Errorf("%q though the name is back", got)
		}
	})
}

// TestServices: port, weight and rank are those of the records.
func TestServices(t *testing.T) {
	bubble(t, func(t *testing.T, n *nameServer) {
		n.records("_http._tcp.app.example. SRV",
			"_http._tcp.app.example. 5 SRV 1 5 9001 a.example.", "_http._tcp.app.example. 5 SRV 1 1 9002 b.example.",
			"_http._tcp.app.example. 5 SRV 2 1 9003 a.example.", "_http._tcp.app.example. 5 SRV 2 1 9004 gone.example.")
		n.records("a.example. A", "a.example. 5 A 192.0.2.1")
		n.records("b.example. A", "b.example. 5 A 192.0.2.2")
		g := New(&Config{Name: "u", Servers: []Server{named("app.example", "http")}})
		hashed := New(&Config{Name: "u", Servers: []Server{named("app.example", "_http._tcp")}, Method: Hash{}})
		n.watch(t, g)
		n.watch(t, hashed)
		time.Sleep(time.Second)
		if got := peersOf(g); got != "192.0.2.1:9001*5, 192.0.2.1:9003 backup, 192.0.2.2:9002" {
			t.Errorf("%s", got)
		}
		if got := peersOf(hashed); got != "192.0.2.1:9001*5, 192.0.2.2:9002" {
			t.Errorf("%s", got)
		}
		n.mu.Lock()
		want := "gone.example could not be resolved (3: Host not found) while resolving service http of app.example"
		if !slices.Contains(n.logged, want) {
			t.Errorf("no %q in %q", want, n.logged)
		}
		n.mu.Unlock()
		kept := g.now.Load().primary.Peers[0]
		n.records("_http._tcp.app.example. SRV",
			"_http._tcp.app.example. 5 SRV 1 5 9001 a.example.", "_http._tcp.app.example. 5 SRV 1 2 9002 b.example.")
		time.Sleep(7 * time.Second)
		if got := peersOf(g); got != "192.0.2.1:9001*5, 192.0.2.2:9002*2" {
			t.Errorf("%s", got)
		}
		if !slices.Contains(g.now.Load().primary.Peers, kept) && kept.weight == 5 {
			t.Error("a peer that stays is another one")
		}
	})
}

// TestNamesOverAReload: the next configuration begins with the addresses that are known, and asks when they are over.
func TestNamesOverAReload(t *testing.T) {
	bubble(t, func(t *testing.T, n *nameServer) {
		n.records("app.example. A", "app.example. 60 A 192.0.2.1")
		load := func(before *resource.Set) (*Group, *resource.Set) {
			set := resource.NewSet(before)
			g := New(&Config{Name: "u", Servers: []Server{named("app.example", "")}})
			g.Carry(set, "http")
			return g, set
		}
		first, set := load(nil)
		n.watch(t, first)
		time.Sleep(time.Second)
		second, next := load(set)
		next.Adopt()
		first.Stop()
		asked := n.questions()
		n.watch(t, second)
		if got := peersOf(second); got != "192.0.2.1:8080" {
			t.Errorf("%q at once", got)
		}
		time.Sleep(50 * time.Second)
		if n.questions() != asked {
			t.Error("asked though the answer was valid")
		}
		n.records("app.example. A", "app.example. 60 A 192.0.2.2")
		time.Sleep(20 * time.Second)
		if got := peersOf(second); got != "192.0.2.2:8080" {
			t.Errorf("%q later", got)
		}
		if got := peersOf(first); got != "192.0.2.1:8080" {
			t.Errorf("%q in the configuration before", got)
		}
	})
}

// TestNamesOfTheAPI: a name that is added is looked up, and its peers go with it.
func TestNamesOfTheAPI(t *testing.T) {
	bubble(t, func(t *testing.T, n *nameServer) {
		n.records("app.example. A", "app.example. 5 A 192.0.2.1", "app.example. 5 A 192.0.2.2")
		g := NewGroup("u", servers(t, 1), RoundRobin{})
		n.watch(t, g)
		added, err := g.Add(named("app.example", ""))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if got := peersOf(g); got != "127.0.0.1:1, 192.0.2.1:8080, 192.0.2.2:8080" {
			t.Errorf("%s", got)
		}
		if _, err := g.Change(added.ID, func(s *Server) { s.Weight = 3 }); err != nil {
			t.Error(err)
		}
		time.Sleep(20 * time.Second)
		if got := peersOf(g); got != "127.0.0.1:1, 192.0.2.1:8080*3, 192.0.2.2:8080*3" {
			t.Errorf("%s", got)
		}
		child := g.now.Load().primary.Peers[1].ID
		if err := g.Remove(child); err == nil {
			t.Error("an address of a name was removed")
		}
		if err := g.Remove(added.ID); err != nil {
			t.Error(err)
		}
		time.Sleep(20 * time.Second)
		if got := peersOf(g); got != "127.0.0.1:1" {
			t.Errorf("%s", got)
		}
	})
}

// TestNameChangesWhileItIsUsed: a name is changed while it is looked up and its peers are watched, which the
// race detector looks at.
func TestNameChangesWhileItIsUsed(t *testing.T) {
	bubble(t, func(t *testing.T, n *nameServer) {
		n.records("_http._tcp.app.example. SRV", "_http._tcp.app.example. 1 SRV 1 5 9001 a.example.")
		n.records("a.example. A", "a.example. 1 A 192.0.2.1")
		g := New(&Config{Name: "u", Servers: []Server{named("app.example", "http")}})
		n.watch(t, g)
		time.Sleep(time.Second)
		id := g.Servers()[1].ID
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for range 200 {
					time.Sleep(100 * time.Millisecond)
					if s := g.Snapshot().Peers[0]; s.Service != "http" {
						t.Errorf("a peer of the service %q", s.Service)
					}
				}
			})
			all.Go(func() {
				for i := range 200 {
					time.Sleep(100 * time.Millisecond)
					if _, err := g.Change(id, func(s *Server) { s.MaxFails = i }); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	})
}
