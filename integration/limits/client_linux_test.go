package limits

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// client is one connection whose bytes the case chooses.
type client struct {
	t     *testing.T
	conn  net.Conn
	begun time.Time // what the times of arrivals count from: the opening, or the last send
}

// send sends bytes as they are, in one write. A server that has closed is no error here: receive tells.
func (c *client) send(text string) {
	c.begun = time.Now()
	_ = c.conn.SetWriteDeadline(time.Now().Add(patience)) // it is open
	_, _ = io.WriteString(c.conn, text)
}

// stream sends n bytes that are text again and again, and returns how many the server has taken.
func (c *client) stream(text string, n size) (taken size) {
	block := []byte(strings.Repeat(text, max(1, 64<<10/len(text))))
	for taken < n {
		_ = c.conn.SetWriteDeadline(time.Now().Add(patience)) // it is open
		k, err := c.conn.Write(block[:min(size(len(block)), n-taken)])
		taken += size(k)
		if err != nil {
			break
		}
	}
	return taken
}

// drip sends text a byte at a time, until it has all gone or the server closes or limit is over, and returns how long that
// took and what the server has said. closed says that the server closed.
func (c *client) drip(text string, every, limit time.Duration) (took time.Duration, said string, closed bool) {
	c.begun = time.Now()
	said, ended := "", make(chan bool)
	_ = c.conn.SetReadDeadline(c.begun.Add(limit)) // it is open
	go func() {
		b, err := io.ReadAll(c.conn)
		said = string(b)
		ended <- !errors.Is(err, os.ErrDeadlineExceeded)
	}()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := 0; ; {
		select {
		case closed = <-ended:
			return time.Since(c.begun), said, closed
		case <-tick.C:
			if i < len(text) {
				_ = c.conn.SetWriteDeadline(time.Now().Add(patience)) // it is open
				_, _ = io.WriteString(c.conn, text[i:i+1])            // if it has closed, the reader is told
				i++
			}
		}
	}
}

// arrival is bytes that came at once.
type arrival struct {
	at   time.Duration // since the client sent something last
	text []byte
}

// arrivals are all that came, in order.
type arrivals struct {
	parts []arrival
	// closed says that the server closed the connection, after ended.
	closed bool
	ended  time.Duration
}

// receive reads until the server closes, for at most limit.
func (c *client) receive(limit time.Duration) *arrivals {
	return c.receiveUntil("", limit)
}

// receiveUntil reads until text, if it is not empty, has come, or the server closes, for at most limit.
func (c *client) receiveUntil(text string, limit time.Duration) *arrivals {
	a := &arrivals{}
	_ = c.conn.SetReadDeadline(time.Now().Add(limit)) // it is open
	buf := make([]byte, 64<<10)
	for {
		n, err := c.conn.Read(buf)
		now := time.Since(c.begun)
		if n > 0 {
			a.parts = append(a.parts, arrival{now, bytes.Clone(buf[:n])})
		}
		if err != nil {
			a.closed, a.ended = !errors.Is(err, os.ErrDeadlineExceeded), now
			return a
		}
		if text != "" && strings.Contains(a.text(), text) {
			return a
		}
	}
}

// text is all of it.
func (a *arrivals) text() string {
	var b strings.Builder
	for _, p := range a.parts {
		b.Write(p.text)
	}
	return b.String()
}

// at is when the last byte of the first text of this kind came; -1 where it never did.
func (a *arrivals) at(text string) time.Duration {
	i := strings.Index(a.text(), text)
	if i < 0 {
		return -1
	}
	end := i + len(text)
	for _, p := range a.parts {
		if end -= len(p.text); end <= 0 {
			return p.at
		}
	}
	return -1
}

// status is the status of the first answer, 0 for none.
func (a *arrivals) status() (code int) {
	_, _ = fmt.Sscanf(a.text(), "HTTP/1.1 %d", &code) // 0 where it is no answer
	return code
}
