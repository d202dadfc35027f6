package front

import (
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/netio"
)

// counted counts records.
type counted int

func (n *counted) WriteRecord(errlog.Level, []byte) { *n++ }

// TestNoDescriptorsLines: each of many sockets fails to accept, again and again, with or without connections that can be
// closed for others; the log says it once a second.
func TestNoDescriptorsLines(t *testing.T) {
	s, err := NewInstance(&Stats{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Quit)
	var n counted
	s.SetLog(errlog.New(errlog.Config{Outputs: []errlog.Output{{Sink: &n, Threshold: errlog.Threshold{Level: errlog.Crit}}}}))
	if s.acceptFailed(syscall.ENFILE); s.OutOfDescriptors() {
		t.Error("out of descriptors because the system is")
	}
	begin := time.Now()
	for range 1000 {
		s.acceptFailed(syscall.EMFILE)
	}
	if !s.OutOfDescriptors() {
		t.Error("not out of descriptors")
	}
	if most := counted(time.Since(begin)/time.Second) + 2; n == 0 || n > most {
		t.Errorf("%d lines, want at most %d", n, most)
	}
}

// TestCrashedIsNotReusable: a connection whose handshake panics leaves the queue of those that may be closed for others.
func TestCrashedIsNotReusable(t *testing.T) {
	s, err := NewInstance(&Stats{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Quit)
	s.SetConnectionLimit(1)
	s.stats.Active.Add(1) // another connection, which has the place
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(fds[1]) }()
	nc, err := netio.FromFD(fds[0])
	if err != nil {
		t.Fatal(err)
	}
	s.live.Add(1)
	c := newConn(s, nil, nc)
	c.log = errlog.New(errlog.Config{})
	func() {
		defer c.Caught()
		c.SetReusable()
		panic("in a handshake")
	}()
	if n := s.evict(); n != 0 || s.connLimit.leaving.Load() != 0 {
		t.Errorf("%d connections are expected to close that are gone already", n)
	}
}
