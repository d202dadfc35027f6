package httpd

import (
	"sync"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// A request with included subrequests is the main request of a subrequest family.
// Each member has its own goroutine, and only one of them runs at a time: the one
// that has the turn. A member that waits for the network passes the turn to the
// next one in the queue. So members use the main request's memory, variables and
// connection without locks, and see the same of each other as in nginx's event
// loop: a subrequest begins when its parent waits or has ended. See docs/adr/0019.
//
// One member is active: its output goes on to the client. The output of the others
// is kept, in its place among their own subrequests, until they become active. A
// member that keeps more than keepLimit waits until it is active.

// maxFamily is how many subrequests one client's request may have: what nginx
// has room for in its counter of references.
const maxFamily = 65535 - 1000

// family is a main request with its subrequests. All fields but mu, busy, queue and
// first are used only by the member that has the turn.
type family struct {
	mu    sync.Mutex
	busy  bool       // a member has the turn
	queue []*Request // queue[first:] are the members that wait for the turn
	first int

	main    *Request
	active  *Request
	members []*Request // all subrequests; they are released with the main request
	running int        // of those whose goroutines have not ended
	// writer is the member whose goroutine is writing output of the active member to the
	// client; nil for none. It may be another member's, which has ended. limit_rate makes
	// it wait without the turn: what the active member outputs meanwhile is kept.
	writer *Request
}

// member is the state of a request as a member of a family.
type member struct {
	f      *family
	turn   chan struct{} // receives the turn
	begun  bool          // has a goroutine: that of a subrequest begins with its first turn; guarded by f.mu
	parked bool          // waits for wake, not for the turn
	away   bool          // between BeginWait and EndWait; used by its goroutine alone
	waited bool          // its parent waits for it: see SubOptions.Waited
	ended  bool          // its handler has returned
	done   bool          // its parent may see it as finished
	wrote  bool          // its body is not empty
	kept   []kept        // what follows its output so far
	held   int           // bytes of it in memory
	finish func(s *Request, rc Result) Result
}

// join makes r the main request of a family, unless it has one.
func (r *Request) join() *family {
	if r.main.member == nil {
		m := r.main
		f := &family{busy: true, main: m, active: m}
		m.member = &member{f: f, turn: make(chan struct{}, 1), begun: true}
	}
	return r.main.member.f
}

// Include starts a subrequest for uri. Its output is inserted into that of r, after
// r's output so far. It runs beside r: see [Request.Await]. uri and args must live
// as long as r does. The result is nil if the subrequest was refused; the reason is
// logged. The subrequest belongs to the main request and must not be released.
func (r *Request) Include(uri, args []byte, o SubOptions) *Request {
	switch {
	case r.subDepth > maxSubrequests:
		r.Errorf(nil, `subrequests cycle while processing "%s"`, uri)
		return nil
	case r.main.member != nil && len(r.main.member.f.members) >= maxFamily:
		r.Logf(errlog.Crit, nil, `request reference counter overflow while processing "%s"`, uri)
		return nil
	case r.capture != nil:
		r.Errorf(nil, `nested in-memory subrequest "%s"`, uri)
		return nil
	}
	f := r.join()
	s := r.child(uri, args, o)
	s.member = &member{f: f, turn: make(chan struct{}, 1), waited: o.Waited || o.Capture, finish: o.Finish}
	if f.active == r && len(r.member.kept) == 0 && f.writer == nil {
		f.active = s
	} else {
		r.member.kept = append(r.member.kept, kept{sub: s})
	}
	f.members = append(f.members, s)
	f.running++
	f.line(s)
	return s
}

// runIncluded is the goroutine of an included subrequest. It begins with the turn.
func (r *Request) runIncluded() {
	k := r.member
	if !r.main.Proto.Failed {
		r.main.action = ""
		r.included()
	}
	k.ended = true
	f := k.f
	switch {
	case f.active == r:
		r.guard(func() { f.advance(r) })
	case k.waited:
		k.done = true
		f.wake(r.parent)
	}
	if f.running--; f.running == 0 {
		f.wake(f.main)
	}
	f.leave()
}

// included runs an included subrequest.
func (r *Request) included() {
	r.guard(func() {
		if r.cloned {
			r.Finalize(r.runContent())
			return
		}
		r.Finalize(r.phases(atServer))
	})
}

// guard calls fn. A panic breaks the response off.
func (r *Request) guard(fn func()) {
	defer func() {
		if p := recover(); p != nil {
			text := errlog.Panic(p)
			r.regain()
			r.crash(text)
			r.terminate(Error)
		}
	}()
	fn()
}

// regain takes the turn back after a panic between BeginWait and EndWait, so that r does
// not pass on a turn that it has not.
func (r *Request) regain() {
	k := r.member
	if k == nil {
		return
	}
	if k.away {
		r.EndWait()
	}
	if k.f.writer == r {
		k.f.writer = nil
	}
}

// Await waits until the included subrequest s has finished and r's own output
// goes on behind it.
func (r *Request) Await(s *Request) {
	f := r.member.f
	for !r.main.Proto.Failed && !(s.member.done && f.active == r) {
		f.park(r)
	}
}

// Settle waits until all of r's output so far has gone on to the client, that of
// included subrequests with it.
func (r *Request) Settle() {
	if r.member == nil {
		return
	}
	f := r.member.f
	for !r.main.Proto.Failed && (f.active != r || len(r.member.kept) > 0 || f.writer != nil) {
		f.park(r)
	}
}

// Wrote reports whether the body of an included subrequest has begun.
func (r *Request) Wrote() bool { return r.member != nil && r.member.wrote }

// BeginWait passes the turn on before r waits for the network, so that the other
// members of its family run; EndWait takes it back. Code between the two must not
// use what the family shares.
func (r *Request) BeginWait() {
	if k := r.member; k != nil {
		k.away = true
		k.f.leave()
	}
}

// EndWait ends what BeginWait began.
func (r *Request) EndWait() {
	if k := r.member; k != nil {
		k.f.enter(r)
		k.away = false
	}
}

// disband waits until the subrequests of a main request have finished, and
// releases them.
func (r *Request) disband() {
	if r.member == nil {
		return
	}
	f := r.member.f
	r.member.ended = true
	if f.active == r {
		f.advance(r)
	}
	for f.running > 0 {
		f.park(r)
	}
	for _, s := range f.members {
		for i := range s.member.kept {
			s.member.kept[i].free()
		}
		s.Release()
	}
	r.member = nil
}

// line appends r to the queue. A member has the turn, and passes it on.
func (f *family) line(r *Request) {
	f.mu.Lock()
	f.push(r)
	f.mu.Unlock()
}

// push appends r to the queue; the caller holds mu. When more than half of the slice
// has been served, the members that still wait move to its front, so that it does not
// grow without need.
func (f *family) push(r *Request) {
	if f.first > len(f.queue)/2 {
		n := copy(f.queue, f.queue[f.first:])
		clear(f.queue[n:])
		f.queue, f.first = f.queue[:n], 0
	}
	f.queue = append(f.queue, r)
}

// leave passes the turn to the next member in the queue.
func (f *family) leave() {
	f.mu.Lock()
	if len(f.queue) == 0 {
		f.busy = false
		f.mu.Unlock()
		return
	}
	next := f.queue[f.first]
	f.queue[f.first] = nil
	if f.first++; f.first == len(f.queue) {
		f.queue, f.first = f.queue[:0], 0
	}
	begun := next.member.begun
	next.member.begun = true
	f.mu.Unlock()
	if begun {
		next.member.turn <- struct{}{}
	} else {
		go next.runIncluded()
	}
}

// enter waits for the turn.
func (f *family) enter(r *Request) {
	f.mu.Lock()
	if !f.busy {
		f.busy = true
		f.mu.Unlock()
		return
	}
	f.push(r)
	f.mu.Unlock()
	<-r.member.turn
}

// park passes the turn on, and waits until wake is called for r and r has the turn
// again.
func (f *family) park(r *Request) {
	r.member.parked = true
	f.leave()
	<-r.member.turn
}

// wake puts r into the queue if it is parked, so that it checks its condition again.
func (f *family) wake(r *Request) {
	if r.member.parked {
		r.member.parked = false
		f.line(r)
	}
}

// abort wakes all members, because the response broke off.
func (f *family) abort() {
	f.wake(f.main)
	for _, s := range f.members {
		f.wake(s)
	}
}
