package healthcheck

import (
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/internal/testcert"
	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// stuck returns a kept connection over TLS that takes no more bytes, those of a close_notify included.
func stuck(t *testing.T) *upstream.Conn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	cert := testcert.New(t)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake() // the other side sees an error
		t.Cleanup(func() { _ = c.Close() })
	}()
	c, err := upstream.Begin(&netio.DialSpec{Addr: netaddr.AddrOf(l.Addr()), SndBuf: 4096}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := c.Handshake(&tls.Config{InsecureSkipVerify: true}, clock.Mono()+int64(time.Minute)); err != nil {
		t.Fatal(err)
	}
	c.Net.SetWriteTimeout(100 * time.Millisecond)
	for full := 0; full < 3; {
		n, err := c.Net.Write(make([]byte, 64<<10))
		if full++; n > 0 || err == nil { // what was there has moved on meanwhile
			full = 0
		}
	}
	return c
}

// TestEndDoesNotWait: whoever changes a group, and those who wait for the change, do not wait until peers take a
// close_notify.
func TestEndDoesNotWait(t *testing.T) {
	p := &peer{}
	for range 3 {
		p.tasks = append(p.tasks, &task{conn: stuck(t), timer: time.NewTimer(time.Hour)})
	}
	begun := time.Now()
	p.end()
	if took := time.Since(begun); took > 2*time.Second { // each may wait for a second
		t.Errorf("it took %v", took)
	}
}
