package spool

import "os"

// A Spool may read from a file with a copy of the same stream, which is written elsewhere: then it holds nothing itself, and
// the limits do not count.

// Share makes s read from f, from the offset base on, and takes f over. All that was pushed before is taken; no goroutine
// uses s meanwhile.
func (s *Spool) Share(f *os.File, base int64) {
	s.Free()
	s.file, s.shared = f, true
	s.ShareFrom(base)
}

// ShareFrom is Share with the same file again.
func (s *Spool) ShareFrom(base int64) { s.base, s.wrote, s.took = base, 0, 0 }

// Shared reports whether s reads from another's file. Only the goroutine that writes may ask while one does.
func (s *Spool) Shared() bool { return s.shared }

// Grew says that n more bytes are in the shared file. False: the reader does not want them.
func (s *Spool) Grew(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.wrote += int64(n)
	s.changed.Broadcast()
	return true
}

// Unshare turns to memory and a file of its own. The reader has taken all; no goroutine uses s meanwhile.
func (s *Spool) Unshare() { s.unshare() }

func (s *Spool) unshare() {
	_ = s.file.Close()
	s.file, s.shared = nil, false
	s.took, s.wrote, s.base = 0, 0, 0
}
