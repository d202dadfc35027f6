package spool

import (
	"os"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/buf"
)

// Limits bound what a Spool holds.
type Limits struct {
	Pieces int   // in memory
	Size   int   // bytes of a piece
	File   int64 // bytes in the file, over all times that the spool is used
}

// Spool is a stream of bytes on its way from one goroutine to another. The zero Spool with its exported fields set is ready.
//
// Invariant: all bytes in the file come after all bytes in memory.
type Spool struct {
	Limits
	// Create makes the file, which is not to have a name any more. It logs an error itself. Create and Failed run on the
	// writer's goroutine, without the lock.
	Create func() (*os.File, error)
	// Failed is called with an error of writing the file.
	Failed func(error)
	// Hungry is called when the reader begins to wait, with the Spool locked, until it has returned true: then the
	// writer may leave, see Leave.
	Hungry func() bool

	mu      sync.Mutex
	changed sync.Cond
	memory  []chunk
	file    *os.File
	base    int64 // where in the file the bytes begin
	wrote   int64 // bytes of the file that are written
	took    int64 // ... and handed out
	lent    bool  // the reader may be using the file: it is not to be closed
	shared  bool  // the file is another's, see Share
	direct  bool  // the reader waits: Hungry has returned true
	stopped bool
	end     error // why nothing more comes, nil while it may
}

// chunk is a piece in memory.
type chunk struct {
	b *buf.Buf
	n int
}

// Piece is what the reader takes at a time: Mem, which lies in Buf and is the reader's until it frees that, or Len bytes of
// File from Off on, until the next Take.
type Piece struct {
	Mem      []byte
	Buf      *buf.Buf
	File     *os.File
	Off, Len int64
}

// Begin makes s ready for a writer, once more where one has left. No goroutine uses s meanwhile.
func (s *Spool) Begin(l Limits) {
	s.changed.L = &s.mu
	s.Limits, s.end, s.direct = l, nil, false
}

// Push hands n bytes of b to the reader, and takes b over. It waits while there is no room, but there always is for one
// piece, of whatever size: it may have been made for a file that is given up now. False: they are not wanted any more.
func (s *Spool) Push(b *buf.Buf, n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.stopped:
			b.Free()
			return false
		case n == 0:
			b.Free()
			return true
		case s.shared && (s.took < s.wrote || s.lent): // its owner has given the file up; the reader gets the rest of it first
		case s.shared:
			s.unshare()
			continue
		case s.took == s.wrote && (len(s.memory) == 0 || len(s.memory) < s.Pieces && n <= s.Size):
			s.remember(b, n)
			s.changed.Broadcast()
			return true
		case s.wrote < s.File:
			ok := s.write(b.B[:n])
			b.Free()
			s.changed.Broadcast()
			return ok
		}
		s.changed.Wait()
	}
}

// remember adds bytes to the last piece in memory, if they fit.
func (s *Spool) remember(b *buf.Buf, n int) {
	if k := len(s.memory) - 1; k >= 0 {
		if t := &s.memory[k]; t.n+n <= len(t.b.B) {
			t.n += copy(t.b.B[t.n:], b.B[:n])
			b.Free()
			return
		}
	}
	s.memory = append(s.memory, chunk{b, n})
}

// write appends to the file. It gives the lock back meanwhile: the disk may be slow, and the reader goes on with what there
// is. Only the writer changes the file and its size.
func (s *Spool) write(p []byte) (ok bool) {
	f := s.file
	ok = func() bool {
		s.mu.Unlock()
		defer s.mu.Lock() // also after a panic
		if f == nil {
			var err error
			if f, err = s.Create(); err != nil {
				f = nil
				return false
			}
		}
		if _, err := f.WriteAt(p, s.wrote); err != nil {
			s.Failed(err)
			return false
		}
		return true
	}()
	s.file = f
	if ok {
		s.wrote += int64(len(p))
	}
	return ok
}

// Spills reports whether the next piece goes to the file. The writer may make it a large one.
func (s *Spool) Spills() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shared || (s.took < s.wrote || len(s.memory) >= s.Pieces) && s.wrote < s.File
}

// End says that nothing more comes, and why.
func (s *Spool) End(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end = why
	s.changed.Broadcast()
}

// Leave is End where the reader waits for the source itself, as Hungry has allowed; else it is false.
func (s *Spool) Leave(why error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.direct || s.stopped {
		return false
	}
	s.end = why
	s.changed.Broadcast()
	return true
}

// Ended returns why nothing more comes, nil while it may.
func (s *Spool) Ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
}

// Take waits for the next piece. An error is that of End: all was taken. The reader has done with the piece before.
func (s *Spool) Take(p *Piece) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lent {
		s.lent = false
		s.changed.Broadcast()
	}
	*p = Piece{}
	for {
		switch {
		case len(s.memory) > 0:
			c := s.memory[0]
			s.memory = s.memory[:copy(s.memory, s.memory[1:])]
			p.Mem, p.Buf = c.b.B[:c.n], c.b
		case s.took < s.wrote:
			p.File, p.Off, p.Len = s.file, s.base+s.took, s.wrote-s.took
			s.took, s.lent = s.wrote, true
		case s.end != nil:
			return s.end
		default:
			s.direct = s.direct || s.Hungry != nil && s.Hungry()
			s.changed.Wait()
			continue
		}
		s.changed.Broadcast()
		return nil
	}
}

// Stop ends the use of s: a Push that waits returns. interrupt is called before, with the Spool locked.
func (s *Spool) Stop(interrupt func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	interrupt()
	s.changed.Broadcast()
}

// Stopped reports whether Stop was called.
func (s *Spool) Stopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

// Forget leaves what is in memory to the garbage collector. No goroutine uses s any more.
func (s *Spool) Forget() { s.memory = nil }

// Free gives back what memory and file hold. No goroutine uses s any more.
func (s *Spool) Free() {
	for _, c := range s.memory {
		c.b.Free()
	}
	s.memory = nil
	if s.file != nil {
		_ = s.file.Close()
		s.file, s.shared = nil, false
	}
}
