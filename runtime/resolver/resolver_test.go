package resolver

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// joined sorts addresses into one string.
func joined(addrs []netip.Addr) string {
	var list []string
	for _, a := range addrs {
		list = append(list, a.String())
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

var exampleZone = zone{
	"one.example. A":       {"one.example. 60 IN A 192.0.2.1"},
	"both.example. A":      {"both.example. 60 IN A 192.0.2.1", "both.example. 30 IN A 192.0.2.2"},
	"both.example. AAAA":   {"both.example. 60 IN AAAA 2001:db8::1"},
	"six.example. AAAA":    {"six.example. 60 IN AAAA 2001:db8::6"},
	"none.example. PTR":    nil,
	"fail.example. A":      {"2"},
	"fail.example. AAAA":   {"fail.example. 60 IN AAAA 2001:db8::1"},
	"refused.example. A":   {"5"},
	"chain.example. A":     {"chain.example. 60 IN CNAME one.example.", "one.example. 20 IN A 192.0.2.1"},
	"chain.example. AAAA":  {"chain.example. 60 IN CNAME one.example."},
	"alias.example. A":     {"alias.example. 60 IN CNAME alias2.example."},
	"alias.example. AAAA":  {"alias.example. 60 IN CNAME alias2.example."},
	"alias2.example. A":    {"alias2.example. 60 IN CNAME one.example."},
	"alias2.example. AAAA": {"alias2.example. 60 IN CNAME one.example."},
	"loop.example. A":      {"loop.example. 60 IN CNAME loop.example."},
	"dead.example. A":      {"dead.example. 60 IN CNAME gone.example."},

	"_http._tcp.app.example. SRV": {
		"_http._tcp.app.example. 60 IN SRV 20 0 8020 one.example.",
		"_http._tcp.app.example. 60 IN SRV 10 5 8010 both.example.",
		"_http._tcp.app.example. 60 IN SRV 10 5 8011 gone.example.",
	},
	"_x._udp.app.example. SRV":     {"_x._udp.app.example. 60 IN SRV 1 1 53 one.example."},
	"_dead._tcp.app.example. SRV":  {"_dead._tcp.app.example. 60 IN SRV 1 1 53 gone.example."},
	"_alias._tcp.app.example. SRV": {"_alias._tcp.app.example. 60 IN CNAME _x._udp.app.example."},

	"1.2.0.192.in-addr.arpa. PTR": {"1.2.0.192.in-addr.arpa. 60 IN PTR One.Example."},
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR": {
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 60 IN PTR six.example.",
	},
}

func TestResolve(t *testing.T) {
	s := startServer(t, exampleZone, false)
	onlyIPv4 := func(c *Config) { c.IPv6 = false }
	onlyIPv6 := func(c *Config) { c.IPv4 = false }
	tests := []struct {
		name string
		edit func(*Config)
		want string
		err  string
	}{
		{"one.example", nil, "192.0.2.1", ""},
		{"ONE.Example.", nil, "192.0.2.1", ""},
		{"both.example", nil, "192.0.2.1 192.0.2.2 2001:db8::1", ""},
		{"both.example", onlyIPv4, "192.0.2.1 192.0.2.2", ""},
		{"both.example", onlyIPv6, "2001:db8::1", ""},
		{"six.example", nil, "2001:db8::6", ""},
		{"192.0.2.77", nil, "192.0.2.77", ""},
		{"chain.example", nil, "192.0.2.1", ""},
		{"alias.example", nil, "192.0.2.1", ""},
		{"gone.example", nil, "", "gone.example could not be resolved (3: Host not found)"},
		{"none.example", nil, "", "none.example could not be resolved (3: Host not found)"},
		{"six.example", onlyIPv4, "", "six.example could not be resolved (3: Host not found)"},
		{"fail.example", nil, "", "fail.example could not be resolved (2: Server failure)"},
		{"refused.example", nil, "", "refused.example could not be resolved (5: Operation refused)"},
		{"loop.example", nil, "", "loop.example could not be resolved (3: Host not found)"},
		{"dead.example", nil, "", "dead.example could not be resolved (3: Host not found)"},
		{"", nil, "", " could not be resolved (3: Host not found)"},
		{"a..example", nil, "", "a..example could not be resolved (3: Host not found)"},
		{strings.Repeat("x", 64) + ".example", nil, "", strings.Repeat("x", 64) + ".example could not be resolved (3: Host not found)"},
		{`we\ird "name"`, nil, "", `we\ird "name" could not be resolved (3: Host not found)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newResolver(t, tt.edit, s)
			for _, pass := range []string{"first", "cached"} {
				addrs, _, err := r.Resolve(nil, tt.name, Wait{Timeout: time.Minute})
				if tt.err != "" {
					if err == nil || err.Error() != tt.err {
						t.Errorf("%s: %v, want %s", pass, err, tt.err)
					}
					continue
				}
				if err != nil || joined(addrs) != tt.want {
					t.Errorf("%s: %v, %v, want %s", pass, addrs, err, tt.want)
				}
			}
		})
	}
}

func TestResolveWithoutServers(t *testing.T) {
	r := newResolver(t, nil)
	if _, _, err := r.Resolve(nil, "one.example", Wait{}); !errors.Is(err, ErrNoServers) {
		t.Error(err)
	}
	if addrs, _, err := r.Resolve(nil, "192.0.2.1", Wait{}); err != nil || joined(addrs) != "192.0.2.1" {
		t.Error(addrs, err)
	}
}

func TestCoalescingAndStats(t *testing.T) {
	bubble(t, func(c *Config) { c.IPv6 = true }, func(r *Resolver, p *pipeServer, _ func() string) {
		var callers []<-chan error
		for range 20 {
			callers = append(callers, ask(r, "one.example", Wait{Timeout: time.Minute}))
		}
		synctest.Wait()
		if n := len(p.queries); n != 2 {
			t.Fatalf("%d queries for 20 callers, want A and AAAA", n)
		}
		for range 2 {
			q := <-p.queries
			q.reply(answer(exampleZone, q.msg))
		}
		for _, done := range callers {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if got, want := r.Stats(), (Stats{Name: 1, NoError: 2}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}

func TestTruncatedUsesTCP(t *testing.T) {
	s := startServer(t, exampleZone, true)
	r := newResolver(t, nil, s)
	addrs, _, err := r.Resolve(nil, "both.example", Wait{Timeout: time.Minute})
	if err != nil || joined(addrs) != "192.0.2.1 192.0.2.2 2001:db8::1" {
		t.Error(addrs, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.asked)
	if got := strings.Join(s.asked, ", "); got != "tcp both.example. A, tcp both.example. AAAA, udp both.example. A, udp both.example. AAAA" {
		t.Error(got)
	}
}

func TestCloseEndsLookups(t *testing.T) {
	bubble(t, nil, func(r *Resolver, p *pipeServer, _ func() string) {
		done := ask(r, "one.example", Wait{})
		<-p.queries
		r.Close()
		if err := <-done; !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if err := <-ask(r, "one.example", Wait{}); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
}

func TestResolveAddr(t *testing.T) {
	s := startServer(t, exampleZone, false)
	r := newResolver(t, nil, s)
	for _, tt := range []struct{ addr, want, err string }{
		{"192.0.2.1", "one.example", ""},
		{"::ffff:192.0.2.1", "one.example", ""},
		{"2001:db8::1", "six.example", ""},
		{"192.0.2.9", "", "192.0.2.9 could not be resolved (3: Host not found)"},
	} {
		name, _, err := r.ResolveAddr(netip.MustParseAddr(tt.addr), Wait{Timeout: time.Minute})
		if name != tt.want || (err != nil || tt.err != "") && (err == nil || err.Error() != tt.err) {
			t.Errorf("%s: %q, %v", tt.addr, name, err)
		}
	}
}

func TestResolveService(t *testing.T) {
	s := startServer(t, exampleZone, false)
	r := newResolver(t, func(c *Config) { c.IPv6 = false }, s)
	for _, tt := range []struct{ service, want, err string }{
		{"http", "192.0.2.1:8010/both.example/10/5 192.0.2.2:8010/both.example/10/5 192.0.2.1:8020/one.example/20/1", ""},
		{"_x._udp", "192.0.2.1:53/one.example/1/1", ""},
		{"alias", "192.0.2.1:53/one.example/1/1", ""},
		{"dead", "", "app.example could not be resolved (3: Host not found)"},
		{"unknown", "", "app.example could not be resolved (3: Host not found)"},
	} {
		targets, valid, err := r.ResolveService(nil, tt.service, "app.example", Wait{Timeout: time.Minute})
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%s: %v", tt.service, err)
			}
			continue
		}
		var got []string
		for _, target := range targets {
			got = append(got, fmt.Sprintf("%s/%s/%d/%d", target.Addr, target.Name, target.Priority, target.Weight))
		}
		if len(got) > 2 {
			slices.Sort(got[:2]) // the addresses of one host are rotated
		}
		if left := time.Until(valid); err != nil || strings.Join(got, " ") != tt.want || left < 20*time.Second || left > time.Minute {
			t.Errorf("%s: %v, %v, valid for %v", tt.service, got, err, left)
		}
	}
}

func TestServiceWeights(t *testing.T) {
	hosts := []srvHost{
		{srvRecord: srvRecord{name: "a", priority: 1, weight: 3}, addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}},
		{srvRecord: srvRecord{name: "b", priority: 1, weight: 1}, addrs: []netip.Addr{netip.MustParseAddr("192.0.2.2")}},
		{srvRecord: srvRecord{name: "down", priority: 2, weight: 1}},
	}
	first := map[string]int{}
	for range 4000 {
		targets := appendTargets(nil, hosts)
		if len(targets) != 2 {
			t.Fatal(targets)
		}
		first[targets[0].Name]++
	}
	if first["a"] < 2800 || first["a"] > 3200 {
		t.Errorf("weight 3 of 4 came first %d times of 4000", first["a"])
	}
}

func TestRotation(t *testing.T) {
	s := startServer(t, exampleZone, false)
	r := newResolver(t, nil, s)
	addrs, _, err := r.Resolve(nil, "both.example", Wait{Timeout: time.Minute})
	if err != nil || addrs[0].String() != "192.0.2.1" || addrs[2].String() != "2001:db8::1" {
		t.Fatal("a fresh answer is in the server's order, IPv4 first:", addrs, err)
	}
	first := map[string]int{}
	for range 3000 {
		addrs, _, _ = r.Resolve(addrs[:0], "both.example", Wait{})
		first[addrs[0].String()]++
		if joined(addrs) != "192.0.2.1 192.0.2.2 2001:db8::1" {
			t.Fatal(addrs)
		}
	}
	for a, n := range first {
		if n < 800 || n > 1200 {
			t.Errorf("%s came first %d times of 3000", a, n)
		}
	}
}

func TestCachedDoesNotAllocate(t *testing.T) {
	s := startServer(t, exampleZone, false)
	r := newResolver(t, nil, s)
	buf := make([]netip.Addr, 0, 8)
	w := Wait{Timeout: time.Minute}
	if _, _, err := r.Resolve(buf, "both.example", w); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(200, func() { _, _, _ = r.Resolve(buf, "both.example", w) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// bubble runs f with a resolver over two in-memory servers and fake time.
func bubble(t *testing.T, edit func(*Config), f func(r *Resolver, p *pipeServer, log func() string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPipeServer()
		var mu sync.Mutex
		var lines []string
		c := Config{IPv4: true, Dial: p.dial, Log: func(s string) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, s)
		}, Servers: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53"), netip.MustParseAddrPort("192.0.2.54:53")}}
		if edit != nil {
			edit(&c)
		}
		r := New(c)
		f(r, p, func() string {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return strings.Join(lines, "\n")
		})
		r.Close()
		synctest.Wait()
	})
}

// ask resolves a name in the background.
func ask(r *Resolver, name string, w Wait) <-chan error {
	done := make(chan error, 1)
	go func() {
		addrs, _, err := r.Resolve(nil, name, w)
		if err == nil && len(addrs) == 0 {
			err = errors.New("no addresses")
		}
		done <- err
	}()
	return done
}

// advance lets fake time pass.
func advance(d time.Duration) { <-time.After(d) }

func TestResendAsksTheNextServer(t *testing.T) {
	bubble(t, nil, func(r *Resolver, p *pipeServer, log func() string) {
		start := time.Now()
		done := ask(r, "one.example", Wait{Timeout: 30 * time.Second})
		for i, want := range []string{"192.0.2.53:53", "192.0.2.54:53", "192.0.2.53:53"} {
			q := <-p.queries
			if at := time.Since(start); q.server.String() != want || at != time.Duration(i)*5*time.Second {
				t.Errorf("query %d to %s after %v", i, q.server, at)
			}
			if i == 2 {
				q.reply(answer(exampleZone, q.msg))
			}
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if log() != "" {
			t.Error(log())
		}
	})
}

func TestLateAnswerOfAnEarlierServer(t *testing.T) {
	bubble(t, nil, func(r *Resolver, p *pipeServer, _ func() string) {
		done := ask(r, "one.example", Wait{})
		first := <-p.queries
		<-p.queries // the next server, five seconds later
		first.reply(answer(exampleZone, first.msg))
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestTimeout(t *testing.T) {
	bubble(t, nil, func(r *Resolver, p *pipeServer, _ func() string) {
		start := time.Now()
		err := <-ask(r, "one.example", Wait{Timeout: 12 * time.Second})
		var failed *Error
		if !errors.As(err, &failed) || !failed.Timeout() || err.Error() != "one.example could not be resolved (110: Operation timed out)" {
			t.Error(err)
		}
		if at := time.Since(start); at != 12*time.Second || len(p.queries) != 3 {
			t.Errorf("after %v and %d queries", at, len(p.queries))
		}
		if left := time.Until(failed.Valid); left != negativeValid {
			t.Errorf("valid for %v", left)
		}
		if got := r.Stats(); got.TimedOut != 1 {
			t.Errorf("%+v", got)
		}
		advance(resendAfter) // nobody waits: the lookup ends, and is forgotten
		synctest.Wait()
		if len(p.queries) != 3 || len(r.entries) != 0 {
			t.Errorf("%d queries, %d entries", len(p.queries), len(r.entries))
		}
	})
}

func TestAnswerAfterTheTimeoutIsCached(t *testing.T) {
	bubble(t, nil, func(r *Resolver, p *pipeServer, _ func() string) {
		err := <-ask(r, "one.example", Wait{Timeout: time.Second})
		q := <-p.queries
		q.reply(answer(exampleZone, q.msg))
		synctest.Wait()
		if again := <-ask(r, "one.example", Wait{Timeout: time.Second}); err == nil || again != nil {
			t.Errorf("%v, then %v", err, again)
		}
	})
}

func TestCancel(t *testing.T) {
	bubble(t, nil, func(r *Resolver, _ *pipeServer, _ func() string) {
		cancel := make(chan struct{})
		done := ask(r, "one.example", Wait{Cancel: cancel})
		synctest.Wait()
		close(cancel)
		if err := <-done; !errors.Is(err, ErrCancelled) {
			t.Error(err)
		}
	})
}

func TestValidity(t *testing.T) {
	tests := []struct {
		name  string
		valid time.Duration
		want  time.Duration // until the servers are asked again
	}{
		{"TTL", 0, 61 * time.Second},
		{"valid", 10 * time.Second, 11 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(c *Config) { c.Valid = tt.valid }, func(r *Resolver, p *pipeServer, _ func() string) {
				start := time.Now()
				go func() {
					for q := range p.queries {
						q.reply(answer(exampleZone, q.msg))
					}
				}()
				for r.Stats().Name < 2 {
					if err := <-ask(r, "one.example", Wait{}); err != nil {
						t.Fatal(err)
					}
					advance(time.Second)
				}
				if at := time.Since(start) - time.Second; at != tt.want {
					t.Errorf("asked again after %v, want %v", at, tt.want)
				}
				close(p.queries)
			})
		})
	}
}

func TestIdleAnswersAreForgotten(t *testing.T) {
	bubble(t, func(c *Config) { c.Valid = time.Hour }, func(r *Resolver, p *pipeServer, _ func() string) {
		go func() {
			for q := range p.queries {
				m := new(dns.Msg).SetReply(q.msg)
				rr, _ := dns.NewRR(q.msg.Question[0].Name + " 60 IN A 192.0.2.1")
				m.Answer = append(m.Answer, rr)
				q.reply(m)
			}
		}()
		for i := range 10 {
			if err := <-ask(r, fmt.Sprintf("host%d.example", i), Wait{}); err != nil {
				t.Fatal(err)
			}
		}
		advance((keep + 1) * time.Second)
		for want := 8; want > 0; want -= 2 { // the one in use stays
			if err := <-ask(r, "host9.example", Wait{}); err != nil {
				t.Fatal(err)
			}
			if n := len(r.entries); n != max(want, 1) {
				t.Errorf("%d entries, want %d", n, want)
			}
		}
		close(p.queries)
	})
}

func TestBadAnswersAreIgnored(t *testing.T) {
	reply := func(edit func(*dns.Msg)) func(q pipeQuery) {
		return func(q pipeQuery) {
			m := answer(exampleZone, q.msg)
			edit(m)
			q.reply(m)
		}
	}
	tests := []struct {
		name string
		bad  func(pipeQuery)
		want string
	}{
		{"short", func(q pipeQuery) { q.raw([]byte("x")) }, "short DNS response"},
		{"no message", func(q pipeQuery) {
			wire, _ := answer(exampleZone, q.msg).Pack()
			q.raw(wire[:len(wire)-3])
		}, "short DNS response"},
		{"query", reply(func(m *dns.Msg) { m.Response, m.Id = false, 7 }), "invalid UDP DNS response 7 fl:0100"},
		{"wrong identifier", reply(func(m *dns.Msg) { m.Id++ }), "wrong ident ID+1 in DNS response for one.example, expect ID"},
		{"other name", reply(func(m *dns.Msg) { m.Question[0].Name = "evil.example." }), "unexpected DNS response for evil.example"},
		{"other type", reply(func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAAAA }), "unexpected DNS response for one.example"},
		{"class", reply(func(m *dns.Msg) { m.Question[0].Qclass = 3 }), "unknown query class 3 in DNS response"},
		{"questions", reply(func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), "invalid number of questions in DNS response"},
		{"format error", reply(func(m *dns.Msg) { m.Rcode, m.Answer = 1, nil }), `DNS error (1: Format error), query id:ID, name:"one.example"`},
		{"unknown code", reply(func(m *dns.Msg) { m.Rcode, m.Answer = 9, nil }), "DNS error (9: Unknown error), query id:ID"},
		{"record type", reply(func(m *dns.Msg) {
			rr, _ := dns.NewRR("one.example. 60 IN AAAA 2001:db8::1")
			m.Answer = append(m.Answer, rr)
		}), "unexpected AAAA record in DNS response"},
		{"record class", reply(func(m *dns.Msg) { m.Answer[0].Header().Class = 3 }), "unexpected RR class 3 in DNS response"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, nil, func(r *Resolver, p *pipeServer, log func() string) {
				done := ask(r, "one.example", Wait{Timeout: time.Minute})
				q := <-p.queries
				tt.bad(q)
				want := strings.ReplaceAll(tt.want, "ID+1", fmt.Sprint(q.msg.Id+1))
				want = strings.ReplaceAll(want, "ID", fmt.Sprint(q.msg.Id))
				if got := log(); got != want {
					t.Errorf("logged %q, want %q", got, want)
				}
				q.reply(answer(exampleZone, q.msg))
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
