package limits

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// hurry sends requests on n kept connections at once, each the next one after the answer, until the function it returns is
// called, which tells how long each of them has taken. A connection that the server closes is made anew, and that is not
// part of a request's time: nginx closes all at a reload.
func (s *site) hurry(n int) (stop func() []time.Duration) {
	s.t.Helper()
	end, all := make(chan struct{}), make([][]time.Duration, n)
	var clients sync.WaitGroup
	for i := range n {
		p := &pinger{addr: s.Addr(1), uri: "/", keep: true}
		clients.Go(func() {
			for {
				select {
				case <-end:
					if p.conn != nil {
						_ = p.conn.Close() // it has served
					}
					return
				default:
				}
				fresh := p.conn == nil
				begun := time.Now()
				if err := p.once(); err != nil {
					if p.conn != nil {
						_ = p.conn.Close() // the server has
						p.conn = nil
					}
				} else if !fresh {
					all[i] = append(all[i], time.Since(begun))
				}
			}
		})
	}
	return func() []time.Duration {
		close(end)
		clients.Wait()
		return slices.Concat(all...)
	}
}

// latencyDuringReloads is what 99 of 100 requests take at most while many servers are read again and again.
func latencyDuringReloads(s *site, servers func(word string) string) time.Duration {
	const clients, long = 8, 3 * time.Second
	stop := s.hurry(clients)
	n := 0
	for end := time.Now().Add(long); time.Now().Before(end); n++ {
		word := fmt.Sprint(n)
		_, conf, _ := strings.Cut(servers(word), "-- nginx.conf --\n")
		s.reload(conf, "<"+word+">")
	}
	took := stop()
	if len(took) == 0 {
		s.t.Fatalf("%s: no request was answered", s)
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	s.t.Logf("%s: %d reloads, %d requests, median %v, 99th percentile %v, longest %v", s, n, len(took), took[len(took)/2], p99, took[len(took)-1])
	return p99
}

// TestLatencyDuringReloads: while thousands of servers are loaded again and again, requests take at most twice as long as
// nginx's and a tick of the system's scheduler, which a busy machine adds: loading gives way to them.
func TestLatencyDuringReloads(t *testing.T) {
	text := func(word string) string { return mainConf(servers(10_000, word)) }
	const tick = 4 * time.Millisecond
	set := setup{own: root, text: text("x")}
	var nginx, sluice time.Duration
	for range tries {
		t.Run("nginx", func(t *testing.T) { nginx = latencyDuringReloads(start(t, oracle(), set), text) })
		t.Run("sluice", func(t *testing.T) { sluice = latencyDuringReloads(start(t, tested(), set), text) })
		if t.Failed() || sluice <= (2*nginx+tick)*harness.Generosity {
			return
		}
	}
	t.Errorf("nginx %v, the server under test %v: wanted at most twice nginx's and %v", nginx, sluice, tick)
}
