package spool_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/spool"
)

var errOver = errors.New("the end")

// newSpool returns a Spool whose files are in a folder of the test.
func newSpool(t *testing.T, l spool.Limits) *spool.Spool {
	t.Helper()
	s := &spool.Spool{
		Create: func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "") },
		Failed: func(err error) { t.Error(err) },
	}
	s.Begin(l)
	t.Cleanup(s.Free)
	return s
}

// push pushes a text in a buffer of 4 KB.
func push(s *spool.Spool, text []byte) bool {
	b := buf.Sized(4096)
	return s.Push(b, copy(b.B, text))
}

// text returns the bytes of a piece, and gives its buffer back.
func text(t *testing.T, p *spool.Piece) []byte {
	t.Helper()
	if p.File == nil {
		defer p.Buf.Free()
		return bytes.Clone(p.Mem)
	}
	b := make([]byte, p.Len)
	if _, err := p.File.ReadAt(b, p.Off); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOrder: what is pushed is taken once and in its order, whichever side is the slower one and whatever was in memory and in
// the file meanwhile; neither holds more than its limit.
func TestOrder(t *testing.T) {
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		limits := spool.Limits{Pieces: 1 + rnd.IntN(3), Size: 4096, File: int64(rnd.IntN(3)) * 20_000}
		synctest.Test(t, func(t *testing.T) {
			s := newSpool(t, limits)
			sent := make([]byte, 100_000)
			for i := range sent {
				sent[i] = byte(rnd.Uint32())
			}
			go func() {
				for left := sent; len(left) > 0; {
					n := min(1+rand.IntN(4096), len(left))
					if !push(s, left[:n]) {
						t.Error("refused")
						return
					}
					left = left[n:]
				}
				s.End(errOver)
			}()
			var got []byte
			var p spool.Piece
			for {
				if rnd.IntN(3) == 0 {
					synctest.Wait() // the writer goes as far as it can
				}
				if err := s.Take(&p); err != nil {
					if !errors.Is(err, errOver) {
						t.Error(err)
					}
					break
				}
				if p.File != nil && p.Off+p.Len > limits.File+4096 {
					t.Errorf("%d bytes in a file of %d", p.Off+p.Len, limits.File)
				}
				got = append(got, text(t, &p)...)
			}
			if !bytes.Equal(got, sent) {
				t.Errorf("seed %d, %+v: %d bytes are not the %d that were sent", seed, limits, len(got), len(sent))
			}
		})
	}
}

// TestSlowFile: while the file is made and written the reader takes what is in memory.
func TestSlowFile(t *testing.T) {
	s := newSpool(t, spool.Limits{Pieces: 1, Size: 4096, File: 1 << 20})
	making, taken := make(chan struct{}), make(chan struct{})
	s.Create = func() (*os.File, error) {
		close(making)
		select {
		case <-taken:
		case <-time.After(10 * time.Second):
			t.Error("the reader waits for the file")
		}
		return os.CreateTemp(t.TempDir(), "")
	}
	pushed := make(chan bool)
	go func() {
		ok := push(s, []byte("memory"))
		ok = push(s, bytes.Repeat([]byte("f"), 4096)) && ok
		pushed <- ok
	}()
	<-making
	var p spool.Piece
	if err := s.Take(&p); err != nil || string(text(t, &p)) != "memory" {
		t.Errorf("%v", err)
	}
	close(taken)
	if err := s.Take(&p); err != nil || p.Len != 4096 || !<-pushed {
		t.Errorf("%d bytes of the file, %v", p.Len, err)
	}
}

// TestFull: the writer waits where memory and file are full, and Stop ends its wait.
func TestFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpool(t, spool.Limits{Pieces: 2, Size: 4096, File: 4096})
		piece, pushed, done := make([]byte, 4096), 0, make(chan bool)
		go func() {
			ok := true
			for ok {
				if ok = push(s, piece); ok {
					pushed++
				}
			}
			done <- s.Stopped()
		}()
		synctest.Wait()
		if pushed != 3 { // two in memory, one in the file
			t.Errorf("%d pieces were taken", pushed)
		}
		interrupted := false
		s.Stop(func() { interrupted = true })
		if !<-done || !interrupted {
			t.Error("the writer has not been stopped")
		}
	})
}

// TestLeave: a reader that has taken everything has the writer leave, and goes on with what a later writer pushes.
func TestLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpool(t, spool.Limits{Pieces: 2, Size: 4096, File: 0})
		if s.Leave(errOver) {
			t.Error("nobody waits")
		}
		hungry := 0
		s.Hungry = func() bool { hungry++; return true }
		left := make(chan bool)
		go func() {
			synctest.Wait() // the reader waits
			left <- push(s, []byte("one")) && s.Leave(errOver)
		}()
		var p spool.Piece
		if err := s.Take(&p); err != nil || string(text(t, &p)) != "one" || !<-left {
			t.Errorf("%v", err)
		}
		if err := s.Take(&p); !errors.Is(err, errOver) || hungry != 1 {
			t.Errorf("%v, hungry %d times", err, hungry)
		}
		s.Begin(spool.Limits{Pieces: 2, Size: 4096})
		if s.Ended() != nil || !push(s, []byte("two")) {
			t.Error("it does not go on")
		}
		if err := s.Take(&p); err != nil || string(text(t, &p)) != "two" {
			t.Errorf("%v", err)
		}
	})
}

// TestFileInUse: a file of which the reader has a piece stays open until the next Take, also where its owner gives it up
// meanwhile. Its number would else be that of another file.
func TestFileInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpool(t, spool.Limits{Pieces: 8, Size: 4096})
		path := filepath.Join(t.TempDir(), "entry")
		if err := os.WriteFile(path, []byte("headbody"), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		s.Share(f, 4)
		if !s.Grew(4) || !s.Spills() {
			t.Fatal("it is not shared")
		}
		var p spool.Piece
		if err := s.Take(&p); err != nil || string(text(t, &p)) != "body" {
			t.Fatal(err)
		}
		pushed := make(chan bool)
		go func() { pushed <- push(s, []byte("rest")) }() // the file takes no more
		synctest.Wait()
		if _, err := f.Stat(); err != nil {
			t.Fatalf("closed while it is read: %v", err)
		}
		if err := s.Take(&p); !<-pushed || err != nil || string(text(t, &p)) != "rest" {
			t.Errorf("%v", err)
		}
		if _, err := f.Stat(); err == nil || s.Shared() {
			t.Error("the file is still open")
		}
	})
}

// TestLargePiece: a piece that was made for a file has room in memory, too, where the file is given up and no other one is
// allowed: also while the reader has not come yet, and where it cannot have the writer leave.
func TestLargePiece(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpool(t, spool.Limits{Pieces: 2, Size: 4096})
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		s.Share(f, 0)
		if !s.Spills() {
			t.Fatal("it is not shared")
		}
		pushed := make(chan bool)
		go func() {
			b := buf.Sized(32 << 10)
			pushed <- s.Push(b, len(b.B))
		}()
		synctest.Wait()
		var p spool.Piece
		if err := s.Take(&p); err != nil || len(text(t, &p)) != 32<<10 || !<-pushed {
			t.Errorf("%v, %d bytes", err, len(p.Mem))
		}
	})
}
