package resource

import (
	"slices"
	"testing"
)

// pool is a resource that is closed.
type pool struct{ closed int }

func (p *pool) Close() { p.closed++ }

const (
	pools  Kind[*pool] = "pool"
	others Kind[*pool] = "other pool"
	counts Kind[*int]  = "pool"
)

func newPool() *pool { return new(pool) }

func TestCarriedByKindAndName(t *testing.T) {
	first := NewSet(nil)
	a := pools.Take(first, "a", newPool)
	if pools.Take(first, "a", newPool) != a {
		t.Error("made twice in one configuration")
	}
	if others.Take(first, "a", newPool) == a || pools.Take(first, "b", newPool) == a {
		t.Error("another kind or name has it, too")
	}
	counts.Take(first, "a", func() *int { return new(int) })

	second := NewSet(first)
	if pools.Take(second, "a", newPool) != a {
		t.Error("not carried")
	}
	b := pools.Take(first, "b", newPool)
	second.Adopt()
	if a.closed != 0 || b.closed != 1 {
		t.Errorf("closed %d and %d times, want the one that is named no more", a.closed, b.closed)
	}
	if second.before != nil {
		t.Error("the configuration before stays reachable")
	}
}

func TestDropLeavesTheOneBefore(t *testing.T) {
	first := NewSet(nil)
	a := pools.Take(first, "a", newPool)
	second := NewSet(first)
	pools.Take(second, "a", newPool)
	b := pools.Take(second, "b", newPool)
	stopped := 0
	second.OnStop(func() { stopped++ })
	second.Drop()
	if a.closed != 0 || b.closed != 1 || stopped != 1 {
		t.Errorf("carried closed %d, made closed %d, stopped %d times", a.closed, b.closed, stopped)
	}
	third := NewSet(first)
	if pools.Take(third, "a", newPool) != a {
		t.Error("not carried after a change that was undone")
	}
}

func TestCloseEndsTheLast(t *testing.T) {
	(*Set)(nil).Close()
	first := NewSet(nil)
	a := pools.Take(first, "a", newPool)
	second := NewSet(first)
	pools.Take(second, "a", newPool)
	b := pools.Take(second, "b", newPool)
	stopped := 0
	second.OnStop(func() { stopped++ })
	second.Adopt()
	second.Close()
	if a.closed != 1 || b.closed != 1 || stopped != 1 {
		t.Errorf("carried closed %d, made closed %d, stopped %d times", a.closed, b.closed, stopped)
	}
}

func TestRetireThenStop(t *testing.T) {
	var s *Set
	s.Retire() // there is no configuration before the first
	s = NewSet(nil)
	var got []string
	note := func(text string) func() { return func() { got = append(got, text) } }
	s.OnStop(note("stop"))
	s.OnRetire(note("retire"))
	s.Retire()
	s.Retire()
	s.Stop()
	s.Stop()
	s.OnStop(note("late"))
	if want := []string{"retire", "stop", "late"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// resting notes what it was told.
type resting struct{ told string }

func (r *resting) Pause()  { r.told += "p" }
func (r *resting) Resume() { r.told += "r" }

func TestPause(t *testing.T) {
	const kind Kind[*resting] = "resting"
	s := NewSet(nil)
	pools.Take(s, "a", newPool)
	r := kind.Take(s, "a", func() *resting { return new(resting) })
	s.Pause()
	s.Resume()
	if r.told != "pr" {
		t.Errorf("%q", r.told)
	}
}
