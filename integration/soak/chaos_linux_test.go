package soak

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/goroutines"
	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// Times of the proxy in the configuration below.
const (
	chaosTimeout     = 500 * time.Millisecond
	chaosFailTimeout = time.Second
	chaosInterval    = 200 * time.Millisecond
	chaosKeys        = 40
	chaosClients     = 12
)

// chaosConfiguration has everything that decides whether another peer is asked.
const chaosConfiguration = `
worker_processes 2;
error_log logs/error.log info;
pid logs/nginx.pid;
events { worker_connections 1024; }
http {
    include temp-paths.conf;
    log_format chaos '` + chaosLog + `';
    access_log logs/access.log chaos;
    keepalive_requests 100000000;
    client_body_buffer_size 32k;
    upstream app {
        zone app 256k;
        server %[2]s max_fails=2 fail_timeout=1s;
        server %[3]s max_fails=2 fail_timeout=1s;
        server %[4]s max_fails=2 fail_timeout=1s;
        keepalive 8;
        keepalive_timeout 1s;
    }
    match good { status 200; body ~ "^/health"; }
    proxy_cache_path cache levels=1:2 keys_zone=chaos:1m inactive=1h;
    proxy_connect_timeout 500ms;
    proxy_read_timeout 500ms;
    proxy_send_timeout 500ms;
    proxy_next_upstream error timeout;
    server {
        listen %[1]s;
        location = /health { return 200 "/health\n"; }
        location / { proxy_pass http://app; health_check interval=200ms jitter=50ms uri=/health match=good; }
        location /off/ { proxy_buffering off; proxy_pass http://app; }
        location /cached/ {
            proxy_pass http://app;
            proxy_cache chaos;
            proxy_cache_key $uri;
            proxy_cache_valid 200 1s;
            proxy_cache_lock on;
            proxy_cache_lock_timeout 5s;
            proxy_cache_use_stale error timeout updating http_502 http_504;
            proxy_cache_background_update on;
        }
    }
}
`

// chaosTime is how long peers fail: SLUICE_CHAOS, or some seconds.
func chaosTime(t *testing.T) time.Duration {
	text := os.Getenv("SLUICE_CHAOS")
	if text == "" {
		return 6 * time.Second
	}
	d, err := time.ParseDuration(text)
	must(t, err)
	return d
}

// level is what a server holds.
type level struct{ goroutines, descriptors, memory int } // memory in KB

func (s *site) level(pid int) level {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	must(s.t, err)
	return level{goroutines.Count(s.t, binaries.Tested, pid), len(entries), resident(pid)}
}

// rest waits until the server has no connections of clients and peers any more, and holds what it holds at rest: at most a
// level and a little more, if there is one. It returns memory some seconds after the connections that have used it.
func (s *site) rest(pid int, most *level) (now level) {
	s.t.Helper()
	same := 0
	quiet := harness.Eventually(patience, func() bool {
		last := now
		if now = s.level(pid); now.goroutines != last.goroutines || now.descriptors != last.descriptors {
			same = 0
		}
		same++
		return same > 20 && (most == nil || most.holds(&now))
	})
	if !quiet {
		s.t.Errorf("at rest there are %+v, and were %+v", now, *most)
	}
	return now
}

// chaosSlack is how many goroutines and descriptors more there may be at rest after than before: a check of each peer may be
// under way.
const chaosSlack = 6

// giveBack is how much memory in KB the server keeps before it gives any back, and a little more.
const giveBack = 12 << 10

// holds tells whether another level is not above this one.
func (l *level) holds(other *level) bool {
	return other.goroutines <= l.goroutines+chaosSlack && other.descriptors <= l.descriptors+chaosSlack &&
		other.memory <= l.memory+l.memory/4*harness.Generosity+giveBack
}

// TestChaos: three peers are killed, frozen and started again at random, one or several at a time, under load. Every request
// that fails is one that the rules of proxy_next_upstream leave to fail; no response is another's, or shorter than it seems;
// and nothing is left behind.
func TestChaos(t *testing.T) {
	for _, seed := range seeds(t)[:1] {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { chaos(t, seed, chaosTime(t)) })
	}
}

func chaos(t *testing.T, seed uint64, lasts time.Duration) {
	s := newSite(t, ports, false)
	p, err := ports.Take(3)
	must(t, err)
	var peers []*chaosPeer
	for _, port := range p {
		peers = append(peers, newChaosPeer(t, port))
	}
	s.text = fmt.Sprintf(chaosConfiguration, s.addr, peers[0].addr, peers[1].addr, peers[2].addr)
	s.configure()
	s.install(binaries.Tested)
	pid := s.start()

	stop := make(chan struct{})
	var watching sync.WaitGroup
	proxy := &chaosPeer{t: t, addr: s.addr}
	for _, p := range append([]*chaosPeer{proxy}, peers...) {
		watching.Go(func() { p.watch(stop) })
	}
	warm := startChaosLoad(s.addr, seed, "warm", chaosClients)
	time.Sleep(min(lasts/4, 10*time.Second))
	all := warm.end()
	before := s.rest(pid, nil)

	load := startChaosLoad(s.addr, seed+1, "c", chaosClients)
	acts := disturb(peers, rand.New(rand.NewPCG(seed, 7)), lasts)
	all = append(all, load.end()...)

	calm := startChaosLoad(s.addr, seed+2, "calm", chaosClients)
	time.Sleep(min(lasts/4, 10*time.Second))
	all = append(all, calm.end()...)
	close(stop)
	watching.Wait()
	after := s.rest(pid, &before)
	s.quit(pid)

	t.Logf("what peers did: %s", acts)
	judgeChaos(t, &rules{peers: peers, proxy: proxy}, all, s.read("logs/access.log"), s.read("logs/error.log"))
	t.Logf("before: %+v, after: %+v", before, after)
	if log := s.read("logs/error.log"); strings.Contains(log, "[alert]") || strings.Contains(log, "[emerg]") || strings.Contains(log, "[crit]") {
		t.Error("the error log has complaints of the server about itself")
	}
}

// disturb has peers fail at random for a time, and returns how often they did what.
func disturb(peers []*chaosPeer, random *rand.Rand, lasts time.Duration) string {
	counts := map[string]int{}
	var under sync.WaitGroup
	busy := make([]chan struct{}, len(peers)) // holds one while the peer fails
	for i := range busy {
		busy[i] = make(chan struct{}, 1)
	}
	for end := time.Now().Add(lasts); time.Now().Before(end); {
		several := 1
		if random.IntN(6) == 0 {
			several = 1 + random.IntN(len(peers))
		}
		for _, i := range random.Perm(len(peers))[:several] {
			act, name := peers[i].freeze, "frozen"
			if random.IntN(2) == 0 {
				act, name = peers[i].restart, "killed"
			}
			lasts := time.Duration(20+random.IntN(1500)) * time.Millisecond
			select {
			case busy[i] <- struct{}{}:
			default:
				continue
			}
			counts[name]++
			under.Go(func() {
				act(lasts)
				<-busy[i]
			})
		}
		time.Sleep(time.Duration(100+random.IntN(2000)) * time.Millisecond)
	}
	under.Wait()
	return fmt.Sprint(counts)
}

// judgeChaos explains every request, and tells how many there were of each kind.
func judgeChaos(t *testing.T, r *rules, all []asked, log, errorLog string) {
	t.Helper()
	r.log, r.cached = readChaosLog(t, log), noteCached(all)
	kinds := map[string]int{}
	unexplained := 0
	for i := range all {
		q := &all[i]
		l := r.log[q.id]
		switch {
		case q.cut:
			kinds["cut short"]++
		case q.status == 200 && slices.ContainsFunc(l.tries, try.failed):
			kinds["200 from another peer, or stale"]++
		default:
			kinds[fmt.Sprint(q.status)]++
		}
		if why := r.explain(q); why != "" {
			if unexplained++; unexplained <= 20 {
				t.Errorf("%s %s from %s to %s: %s: %s %s%s", q.method, q.path, q.began.Format(clockTime), q.ended.Format(clockTime),
					why, l.line, q.wrong, linesWith(errorLog, "id="+q.id+"&"))
			}
		}
	}
	t.Logf("%d requests: %v", len(all), kinds)
	if unexplained > 0 {
		t.Errorf("%d requests are not explained", unexplained)
	}
}

const clockTime = "15:04:05.000"

// linesWith returns the lines of a text that have a word in them, each behind a newline.
func linesWith(text, word string) (found string) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			found += "\n" + strings.TrimSpace(line)
		}
	}
	return found
}
