package resolver

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

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
