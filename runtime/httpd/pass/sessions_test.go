package pass

import (
	"fmt"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/resource"
	"github.com/sluiceproxy/sluice/runtime/zone"
)

// TestSessionsOverAReload: a zone of sessions goes on, but not with another upstream.
func TestSessionsOverAReload(t *testing.T) {
	load := func(before *resource.Set, host string) (*sessions, *resource.Set, error) {
		set := resource.NewSet(before)
		b := httpd.NewBuilder(conf.NewLoader("nginx.conf", "/"), httpd.Env{Resources: set})
		s := &sticky{learn: &learning{zone: "z", size: 64 << 10, timeout: 1000}}
		err := s.complete(b, host)
		return s.learn.sessions, set, err
	}
	first, set, err := load(nil, "u")
	if err != nil {
		t.Fatal(err)
	}
	second, next, err := load(set, "u")
	if err != nil || second != first {
		t.Errorf("%v, the same sessions: %v", err, second == first)
	}
	next.Adopt()
	_, _, err = load(next, "v")
	want := `sticky zone "z" is used in upstream "v" while previously it was used in upstream "u"`
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestSessionsEnd: a session is over when it was not used for the timeout.
func TestSessionsEnd(t *testing.T) {
	z := &sessions{table: zone.New[session](32<<10, sessionSize), timeout: int64(time.Second)}
	now := int64(1)
	e, _ := z.add([]byte("0123456789abcdef"), now)
	e.Value.last = now
	if z.table.Len() != 1 {
		t.Fatal("no session")
	}
	now += int64(2 * time.Second)
	if _, lost := z.add([]byte("another 16 bytes"), now); lost || z.table.Len() != 1 {
		t.Errorf("%d sessions, though the first was over", z.table.Len())
	}
	if z.find(nil, []byte("x"), now) != nil {
		t.Error("a session that was never begun is found")
	}
}

// TestSessionsFull: where there is no room the session that was not used for longest goes, which the log of
// the newest configuration is to say.
func TestSessionsFull(t *testing.T) {
	log := errlog.New(errlog.Config{})
	z := &sessions{table: zone.New[session](32<<10, sessionSize), timeout: int64(time.Hour), log: log}
	id := func(i int) []byte { return fmt.Appendf(nil, "%016d", i) }
	first := 0
	for z.set(id(first), []byte("peer"), true) == nil {
		if first++; first > 32<<10/sessionSize {
			t.Fatalf("%d sessions in a zone of 32 KB, and none is lost", first)
		}
	}
	if z.table.Find(id(0)) != nil || z.table.Find(id(1)) == nil || z.table.Find(id(first)) == nil {
		t.Error("another session was lost than the oldest")
	}
	if z.set(id(first), []byte("other"), false) != nil || z.set(id(first+1), []byte("other"), false) != nil {
		t.Error("a session is lost though none was begun")
	}
	if sid := z.table.Find(id(first)).Value.sid; string(sid[:5]) != "other" {
		t.Errorf("the session has the peer %q", sid)
	}
}
