package limitreq

import (
	"fmt"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/zone"
)

func newLimit(rate, burst, delay int64) *limit {
	return &limit{&zone.Zone[bucket]{Name: "z", Rate: rate, Table: zone.New[bucket](1<<20, bucketSize)}, burst, delay}
}

// One request per second, bursts of two.
func TestBucket(t *testing.T) {
	l := newLimit(1000, 2000, 0)
	for _, c := range []struct {
		at     int64 // ms
		want   verdict
		excess int64
		wait   int64
	}{
		{0, counted, 0, 0},
		{0, counted, 1000, 1000},
		{500, counted, 1500, 1500},
		{500, exceeded, 2500, 0},
		{1000, counted, 2000, 2000},
		{900, exceeded, 3000, 0}, // the clock went back a little
		{10_000, counted, 0, 0},
		{10_999, counted, 1, 1},
		{-100_000, counted, 1000, 1000}, // the clock went back a lot
	} {
		v, excess, _ := l.look([]byte("key"), c.at, true)
		if v != c.want || excess != c.excess || v == counted && l.wait(excess) != c.wait {
			t.Errorf("at %d: %d, excess %d, wait %d, want %+v", c.at, v, excess, l.wait(excess), c)
		}
	}
	if v, _, _ := l.look([]byte("another"), 0, true); v != counted {
		t.Error("keys are not apart")
	}
}

// What is pending counts when it is settled, and not when it is dropped.
func TestPending(t *testing.T) {
	l := newLimit(1000, 2000, 1000)
	key := []byte("key")
	v, _, e := l.look(key, 0, false)
	if v != pending || e.Value.users != 1 {
		t.Fatal(v, e)
	}
	v, _, again := l.look(key, 0, false)
	if v != pending || again != e || e.Value.users != 2 {
		t.Fatal(v, again)
	}
	l.drop(e)
	if excess := l.settle(e, 0); excess != 0 || e.Value.users != 0 || l.wait(excess) != 0 || l.wait(1001) != 1 {
		t.Error(excess, e.Value)
	}
}

func TestExpire(t *testing.T) {
	l := newLimit(1000, 2000, 0)
	l.zone.Table = zone.New[bucket](32<<10, bucketSize)
	for i := range 100 {
		l.look(fmt.Appendf(nil, "%d", i), 0, true)
	}
	n := l.zone.Table.Len()
	l.look([]byte("soon after"), 1000, true)
	if got := l.zone.Table.Len(); got != n+1 {
		t.Errorf("%d entries after a second, want %d", got, n+1)
	}
	l.look([]byte("later"), 2*minute, true)
	if got := l.zone.Table.Len(); got != n {
		t.Errorf("%d entries after two minutes, want two removed and one added: %d", got, n)
	}
	for i := range 1000 {
		if v, _, _ := l.look(fmt.Appendf(nil, "more %d", i), 2*minute, true); v != counted {
			t.Fatal("the oldest makes no room")
		}
	}
	z := newLimit(1000, 0, 0)
	z.zone.Table = zone.New[bucket](32<<10, 3000)
	for i := 0; ; i++ {
		v, _, _ := z.look(fmt.Appendf(nil, "%d", i), 0, false)
		if v == noMemory {
			break
		}
		if i > 100 {
			t.Fatal("what is in use makes room")
		}
	}
}

func BenchmarkLook(b *testing.B) {
	l := newLimit(1000_000, 1<<40, 0)
	key := []byte{127, 0, 0, 1}
	b.ReportAllocs()
	for i := int64(0); b.Loop(); i++ {
		l.look(key, i, true)
	}
}

// The first request of a key is none over the rate, pending or not, also right after the process started; the next is.
func TestFirstRequest(t *testing.T) {
	for _, rate := range []int64{16, 1000, 100_000} { // 16: one a minute
		for _, now := range []int64{0, 1, 100, 59_000} {
			l := newLimit(rate, 0, 0)
			v, excess, e := l.look([]byte("key"), now, false)
			if v != pending || excess != 0 {
				t.Fatalf("rate %d at %d: %d, excess %d", rate, now, v, excess)
			}
			if excess := l.settle(e, now); excess != 0 || l.wait(excess) != 0 {
				t.Errorf("rate %d at %d: excess %d", rate, now, excess)
			}
			if v, excess, _ := l.look([]byte("key"), now, true); v != exceeded || excess != 1000 {
				t.Errorf("rate %d at %d: then %d, excess %d", rate, now, v, excess)
			}
		}
	}
}
