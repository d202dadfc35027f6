package resource

import "sync"

// Set is the resources of one configuration. Take, OnRetire, Adopt, Drop and Close are
// called by the goroutine that changes the configuration; OnStop, Retire and Stop by any.
type Set struct {
	before *Set       // of the configuration in effect; nil once the change is over
	list   map[id]any // what this configuration has, carried or made
	mu     sync.Mutex // for the rest
	// retires run once another configuration is current, stops when no connection uses
	// this one any more. nil once they have run.
	retires, stops []func()
	stopped        bool
}

// id identifies a resource in a Set. kind is a Kind, with its type.
type id struct {
	kind any
	name string
}

// Kind is one sort of resource, with the type of its values. Its text distinguishes
// it from other kinds with values of the same type.
type Kind[T any] string

// NewSet returns an empty Set for the configuration that is to follow the one of
// before, which is nil where there is none.
func NewSet(before *Set) *Set { return &Set{before: before, list: map[id]any{}} }

// Take returns the resource of a name for the configuration of s: that of the one
// before, or what create makes.
func (k Kind[T]) Take(s *Set, name string, create func() T) T {
	key := id{k, name}
	v, ok := s.list[key]
	if !ok && s.before != nil {
		v, ok = s.before.list[key]
	}
	if !ok {
		v = create()
	}
	s.list[key] = v
	return v.(T) // the key has the type
}

// OnRetire registers fn to run once another configuration is current, though requests
// may go on under this one. It is for what only saves work, such as open files.
func (s *Set) OnRetire(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retires = append(s.retires, fn)
}

// OnStop registers fn to run once no connection uses the configuration any more; at
// once where that is so already.
func (s *Set) OnStop(fn func()) {
	s.mu.Lock()
	if !s.stopped {
		s.stops = append(s.stops, fn)
		fn = nil
	}
	s.mu.Unlock()
	if fn != nil {
		fn()
	}
}

// Adopt is called when the configuration of s has come into effect: what the one
// before had and s has not is closed.
func (s *Set) Adopt() {
	if s.before != nil {
		s.before.closeWithout(s)
		s.before = nil
	}
}

// Drop is called when the configuration of s does not come into effect: what was made
// for it is closed, and what it has carried stays with the one before.
func (s *Set) Drop() {
	s.Stop()
	s.closeWithout(s.before)
	s.before, s.list = nil, nil
}

// Close is called when the configuration of s is the last one and no connection is
// left: all it has is closed. s may be nil.
func (s *Set) Close() {
	if s == nil {
		return
	}
	s.Stop()
	s.closeWithout(nil)
}

// Save saves what the resources keep in files, before the process ends with
// connections still under way. s may be nil.
func (s *Set) Save() {
	if s == nil {
		return
	}
	for _, v := range s.list {
		if c, ok := v.(interface{ Save() }); ok {
			c.Save()
		}
	}
}

// Pause tells the resources that the process takes no new requests, Resume that it does
// again: those that work on files which another process has too leave that to it meanwhile.
func (s *Set) Pause() {
	for _, v := range s.list {
		if p, ok := v.(pauser); ok {
			p.Pause()
		}
	}
}

// Resume undoes Pause.
func (s *Set) Resume() {
	for _, v := range s.list {
		if p, ok := v.(pauser); ok {
			p.Resume()
		}
	}
}

type pauser interface {
	Pause()
	Resume()
}

// closeWithout closes the resources that o has not. Those without a Close hold nothing
// but memory.
func (s *Set) closeWithout(o *Set) {
	for key, v := range s.list {
		if o != nil {
			if _, kept := o.list[key]; kept {
				continue
			}
		}
		if c, ok := v.(interface{ Close() }); ok {
			c.Close()
		}
	}
}

// Retire runs what OnRetire has registered. s may be nil.
func (s *Set) Retire() {
	if s == nil {
		return
	}
	s.mu.Lock()
	fns := s.retires
	s.retires = nil
	s.mu.Unlock()
	run(fns)
}

// Stop runs what OnRetire and OnStop have registered, once.
func (s *Set) Stop() {
	s.Retire()
	s.mu.Lock()
	fns := s.stops
	s.stops, s.stopped = nil, true
	s.mu.Unlock()
	run(fns)
}

func run(fns []func()) {
	for _, fn := range fns {
		fn()
	}
}
