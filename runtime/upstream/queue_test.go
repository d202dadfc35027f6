package upstream

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// waiting begins n requests that find no peer, one after the other; each tells its number and
// what came of it.
func waiting(g *Group, n int, cancel <-chan struct{}) <-chan outcome {
	done := make(chan outcome, n)
	for i := range n {
		go func() {
			var c Choice
			g.Begin(&c)
			if c.Next() != nil {
				done <- outcome{i, nil, &c}
				return
			}
			_, err := c.Wait(cancel)
			done <- outcome{i, err, &c}
		}()
		synctest.Wait()
	}
	return done
}

type outcome struct {
	number int
	err    error
	c      *Choice
}

// full is a group whose only place is taken.
func full(t *testing.T, size int) (*Group, *Choice) {
	list := servers(t, 1, 1)
	list[0].MaxConns = 1
	list[1].Down = true
	g := New(&Config{Name: "u", Servers: list, Queue: size, QueueTimeout: time.Minute})
	var c Choice
	g.Begin(&c)
	if c.Next() == nil {
		t.Fatal("no peer")
	}
	return g, &c
}

func TestQueueKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, c := full(t, 3)
		done := waiting(g, 3, nil)
		if s := g.Snapshot(); s.Queue != 3 || s.QueueMax != 3 {
			t.Errorf("%+v", s)
		}
		if o := <-waiting(g, 1, nil); !errors.Is(o.err, ErrQueueFull) {
			t.Errorf("the fourth: %v", o.err)
		}
		for i := range 3 {
			c.Free(Worked)
			o := <-done
			if o.number != i || o.err != nil {
				t.Fatalf("%+v, want number %d", o, i)
			}
			c = o.c
		}
		if s := g.Snapshot(); s.Queue != 0 || s.Overflows != 1 || s.Peers[0].Active != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestQueueEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, c := full(t, 3)
		cancel := make(chan struct{}, 1)
		done := waiting(g, 1, cancel)
		late := waiting(g, 1, nil)
		cancel <- struct{}{}
		if o := <-done; !errors.Is(o.err, ErrLeft) {
			t.Error(o.err)
		}
		began := time.Now()
		if o := <-late; !errors.Is(o.err, ErrQueueTimeout) || time.Since(began) != time.Minute {
			t.Error(o.err, time.Since(began))
		}
		if s := g.Snapshot(); s.Queue != 0 {
			t.Errorf("%+v", s)
		}
		c.Free(Worked)
	})
}

// TestQueueLooksAgain: a peer comes back when its fail_timeout is over, when it is added, or
// when it is healthy.
func TestQueueLooksAgain(t *testing.T) {
	for _, what := range []string{"fail_timeout", "added", "healthy"} {
		synctest.Test(t, func(t *testing.T) {
			g := New(&Config{Name: "u", Servers: servers(t, 1, 1), Queue: 1, QueueTimeout: time.Minute})
			for range 2 {
				var c Choice
				g.Begin(&c)
				c.Next()
				c.Free(Failed)
			}
			done := waiting(g, 1, nil)
			began := time.Now()
			switch what {
			case "added":
				if _, err := g.Add(server(t, "c", "3")); err != nil {
					t.Fatal(err)
				}
			case "healthy":
				g.mu.Lock()
				g.now.Load().primary.Peers[1].fails = 0
				g.mu.Unlock()
				g.SetHealth(1, Checking)
				g.SetHealth(1, Healthy)
			}
			o := <-done
			took := time.Since(began)
			if o.err != nil || (what == "fail_timeout") != (took > 10*time.Second) || took > 13*time.Second {
				t.Errorf("%s: %v after %v", what, o.err, took)
			}
		})
	}
}

// TestQueueOfTheExhausted: what has tried all peers does not wait.
func TestQueueOfTheExhausted(t *testing.T) {
	g := New(&Config{Name: "u", Servers: servers(t, 1, 1), Queue: 1, QueueTimeout: time.Minute})
	var c Choice
	g.Begin(&c)
	for c.Next() != nil {
		c.Free(Failed)
	}
	if _, err := c.Wait(nil); !errors.Is(err, ErrNoPeer) {
		t.Error(err)
	}
}

func TestSlowStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		list := servers(t, 1, 1)
		list[0].SlowStart = 10000
		g := NewGroup("u", list, RoundRobin{})
		g.SetHealth(0, Unhealthy)
		g.SetHealth(0, Healthy)
		counts := func() (a int) {
			for _, b := range pick(g, 400, "") {
				if b == 'a' {
					a++
				}
			}
			return a
		}
		if n := counts(); n > 2 {
			t.Errorf("%d of 400 at once", n)
		}
		time.Sleep(5 * time.Second)
		if n := counts(); n < 120 || n > 140 { // 0.5 of 1.5
			t.Errorf("%d of 400 after half of the time", n)
		}
		time.Sleep(6 * time.Second)
		if n := counts(); n < 199 || n > 201 {
			t.Errorf("%d of 400 in the end", n)
		}
	})
}
