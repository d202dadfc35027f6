package soak

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// chaosLog is the format of the access log that the rules are judged by.
const chaosLog = `$arg_id|$status|$upstream_addr|$upstream_status|$upstream_connect_time|$upstream_cache_status|$request_completion`

// try is an attempt at one peer.
type try struct {
	addr, status string
	connected    bool
}

func (t try) failed() bool { return t.status != "200" }

// logged is a line of the access log.
type logged struct {
	status int
	tries  []try
	whole  bool
	line   string
}

// readChaosLog returns the lines by the id of their request.
func readChaosLog(t *testing.T, text string) map[string]logged {
	t.Helper()
	lines := map[string]logged{}
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		if len(f) != 7 || f[0] == "-" {
			continue // not a client's
		}
		if _, twice := lines[f[0]]; twice {
			t.Errorf("two lines of one request: %s", line)
		}
		l := logged{whole: f[6] == "OK", line: strings.TrimSpace(line)}
		l.status, _ = strconv.Atoi(f[1]) // the server writes a number
		if f[2] != "-" {
			statuses, times := strings.Split(f[3], ", "), strings.Split(f[4], ", ")
			for i, addr := range strings.Split(f[2], ", ") {
				l.tries = append(l.tries, try{addr, statuses[i], times[i] != "-"})
			}
		}
		lines[f[0]] = l
	}
	return lines
}

// rules are what failed requests are explained by.
type rules struct {
	peers []*chaosPeer
	// proxy is the server under test: where it is slow itself, times are over that would not be.
	proxy *chaosPeer
	log   map[string]logged
	// cached is since when a path has been in the cache.
	cached map[string]time.Time
}

const (
	// around is how far from a fault what it leads to may be seen.
	around = 300 * time.Millisecond
	// aftermath is how long a peer may be out of service behind a fault: the last attempt that meets it times out, the peer is
	// not asked for fail_timeout or until the next check has passed.
	aftermath = 2*chaosTimeout + chaosFailTimeout + chaosInterval + around
)

func (r *rules) peer(addr string) *chaosPeer {
	i := slices.IndexFunc(r.peers, func(p *chaosPeer) bool { return p.addr == addr })
	if i < 0 {
		return nil
	}
	return r.peers[i]
}

// explain returns what the rules of next_upstream do not explain of a request; empty for nothing.
func (r *rules) explain(q *asked) string {
	l, ok := r.log[q.id]
	switch {
	case !ok:
		return "it has no line in the access log"
	case q.status != l.status:
		return fmt.Sprintf("the client got %d (%s)", q.status, q.wrong)
	case q.wrong != "" && !q.cut:
		return q.wrong
	}
	for i, t := range l.tries {
		if why := r.blame(q, t, q.cut && i == len(l.tries)-1); why != "" {
			return why
		}
	}
	switch {
	case q.cut:
		return "" // the peer is to blame, and what a client has got a part of cannot come from another
	case q.status == http.StatusOK && !l.whole:
		return "the client has all of a response that is not complete"
	case q.status == http.StatusOK:
		return ""
	case q.status != http.StatusBadGateway && q.status != http.StatusGatewayTimeout:
		return fmt.Sprintf("status %d", q.status)
	}
	if since, ok := r.cached[q.path]; ok && since.Before(q.began) {
		return "there is a stale response in the cache"
	}
	return r.explainEnd(q, &l)
}

// blame wants a fault of a peer that an attempt has failed at.
func (r *rules) blame(q *asked, t try, cut bool) string {
	if !t.failed() && !cut {
		return ""
	}
	p := r.peer(t.addr)
	if p == nil { // the name of the group: no peer was to be had
		for _, p := range r.peers {
			if !p.faulty(q.began.Add(-aftermath), q.ended, true) {
				return "no live upstreams, though nothing was wrong with " + p.addr
			}
		}
		return ""
	}
	late := t.status == "504" || cut
	from, to := q.began.Add(-around), q.ended.Add(around)
	if !p.faulty(from, to, late) && !(late && r.proxy.faulty(from, to, true)) {
		return "nothing was wrong with " + p.addr
	}
	return ""
}

// explainEnd says why no other peer was asked.
func (r *rules) explainEnd(q *asked, l *logged) string {
	if len(l.tries) == 0 {
		return "no peer was asked"
	}
	last := l.tries[len(l.tries)-1]
	if q.method == http.MethodPost && last.connected || r.peer(last.addr) == nil {
		return "" // what is sent once is not sent again; or there was none
	}
	for _, p := range r.peers {
		was := slices.ContainsFunc(l.tries, func(t try) bool { return t.addr == p.addr })
		if !was && !p.faulty(q.began.Add(-aftermath), q.ended, true) {
			return p.addr + " was not asked, though nothing was wrong with it"
		}
	}
	return ""
}

// noteCached finds since when paths have been in the cache: the first response of each that was whole.
func noteCached(all []asked) map[string]time.Time {
	since := map[string]time.Time{}
	for i := range all {
		q := &all[i]
		if !strings.HasPrefix(q.path, "/cached/") || q.status != http.StatusOK || q.wrong != "" {
			continue
		}
		if at, ok := since[q.path]; !ok || q.ended.Before(at) {
			since[q.path] = q.ended
		}
	}
	return since
}
