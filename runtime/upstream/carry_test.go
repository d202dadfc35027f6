package upstream

import (
	"sync"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/resource"
)

// following makes a group of a configuration that follows the one of before.
func following(t *testing.T, before *resource.Set, weights ...int) (*Group, *resource.Set) {
	t.Helper()
	set := resource.NewSet(before)
	list := servers(t, weights...)
	for i := range list {
		list[i].MaxFails, list[i].FailTimeout = 1, 3600
	}
	g := NewGroup("u", list, RoundRobin{})
	g.Carry(set, "http")
	return g, set
}

// TestFailuresAreCarried: a peer that was left out is left out after a reload, too, and one that a configuration drops is
// forgotten.
func TestFailuresAreCarried(t *testing.T) {
	first, set := following(t, nil, 1, 1)
	var c Choice
	first.Begin(&c)
	if p := c.Next(); p.Server != "a" || !c.Free(Failed) {
		t.Fatalf("%s was to fail", p.Server)
	}

	undone, other := following(t, set, 1, 1)
	if got := pick(undone, 2, ""); got != "bb" {
		t.Errorf("picks %s after a", got)
	}
	other.Drop()

	second, next := following(t, set, 1, 1)
	next.Adopt()
	if got := pick(second, 2, ""); got != "bb" {
		t.Errorf("picks %s after a reload", got)
	}

	_, dropped := following(t, next, 1) // with one peer
	dropped.Adopt()
	third, last := following(t, dropped, 2, 1) // of another weight
	last.Adopt()
	if got := pick(third, 1, ""); got != "b" {
		t.Errorf("picks %s: a was there all the time", got)
	}
}

// TestReloadForgives: where every peer is left out, the first request after a reload finds them all.
func TestReloadForgives(t *testing.T) {
	first, set := following(t, nil, 1, 1)
	for range 2 {
		var c Choice
		first.Begin(&c)
		c.Next()
		c.Free(Failed)
	}
	if got := pick(first, 1, ""); got != "-" {
		t.Fatalf("picks %s, though all have failed", got)
	}
	second, next := following(t, set, 1, 1)
	next.Adopt()
	if got := pick(second, 2, ""); got != "ab" {
		t.Errorf("picks %s, want both peers", got)
	}
}

// TestConnectionsAreCarried: max_conns counts what requests of the configuration before still hold.
func TestConnectionsAreCarried(t *testing.T) {
	one := func(before *resource.Set) (*Group, *resource.Set) {
		set := resource.NewSet(before)
		list := servers(t, 1)
		list[0].MaxConns = 1
		g := NewGroup("u", list, RoundRobin{})
		g.Carry(set, "http")
		return g, set
	}
	first, set := one(nil)
	var held Choice
	first.Begin(&held)
	if held.Next() == nil {
		t.Fatal("no peer")
	}
	second, next := one(set)
	next.Adopt()
	if got := pick(second, 1, ""); got != "-" {
		t.Errorf("picks %s, which is full", got)
	}
	held.Free(Worked)
	if got := pick(second, 1, ""); got != "a" {
		t.Errorf("picks %s, want a, which is free", got)
	}
}

// TestGroupsShareALock is for the race detector.
func TestGroupsShareALock(t *testing.T) {
	first, set := following(t, nil, 1, 1)
	second, next := following(t, set, 1, 1)
	next.Adopt()
	var work sync.WaitGroup
	for _, g := range []*Group{first, second} {
		work.Go(func() {
			for range 1000 {
				var c Choice
				g.Begin(&c)
				if c.Next() != nil {
					c.Free(Worked)
				}
			}
		})
	}
	work.Wait()
	if n := first.now.Load().primary.Peers[0].conns; n != 0 {
		t.Errorf("%d connections are left", n)
	}
}
