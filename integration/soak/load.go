package soak

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// answerLimit is how long a client waits for an answer, or for a connection. It only matters to a test that fails.
const answerLimit = time.Minute

// Load is clients that send one request after the other. The requests of client 3 are /r/3/1, /r/3/2 and so on, so that
// each can be found in a log.
type Load struct {
	addr string
	keep bool // connections are used again, as long as the server keeps them
	pace time.Duration

	stop    chan struct{}
	clients sync.WaitGroup
	done    atomic.Int64 // requests that were answered

	mu     sync.Mutex
	counts Counts
}

// Counts is what became of requests.
type Counts struct {
	Done        map[int]int    // by client
	Connections int            // that were opened
	Errors      map[string]int // by kind
}

// Total is how many requests were answered.
func (c Counts) Total() (n int) {
	for _, done := range c.Done {
		n += done
	}
	return n
}

// Start starts clients with the numbers from first on.
func Start(addr string, first, clients int, keep bool, pace time.Duration) *Load {
	l := &Load{addr: addr, keep: keep, pace: pace, stop: make(chan struct{})}
	l.counts = Counts{Done: map[int]int{}, Errors: map[string]int{}}
	for i := range clients {
		l.clients.Go(func() { l.client(first + i) })
	}
	return l
}

// More waits until n more requests were answered, at most for a while.
func (l *Load) More(n int64) {
	until := l.done.Load() + n
	for limit := time.Now().Add(answerLimit); l.done.Load() < until && time.Now().Before(limit); {
		time.Sleep(l.pace)
	}
}

// Stop lets the clients finish what they are about and returns what came of all of it.
func (l *Load) Stop() Counts {
	close(l.stop)
	l.clients.Wait()
	return l.counts
}

// client is one client's life.
func (l *Load) client(number int) {
	done, connections := 0, 0
	errs := map[string]int{}
	var c net.Conn
	var in *bufio.Reader
	for sent := 1; ; sent++ {
		select {
		case <-l.stop:
			if c != nil {
				_ = c.Close() // it has served
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.counts.Done[number] = done
			l.counts.Connections += connections
			for kind, n := range errs {
				l.counts.Errors[kind] += n
			}
			return
		case <-time.After(l.pace):
		}
		if c == nil {
			var err error
			if c, err = net.DialTimeout("tcp", l.addr, answerLimit); err != nil {
				errs["connect: "+kindOf(err)]++
				sent--
				continue
			}
			connections++
			in = bufio.NewReader(c)
		}
		again, err := l.request(c, in, fmt.Sprintf("/r/%d/%d", number, done+1))
		if err != nil {
			errs[err.Error()]++
		} else {
			done++
			l.done.Add(1)
		}
		if err != nil || !again {
			_ = c.Close() // it has served
			c = nil
		}
	}
}

// request sends one request and reads its answer. again says that the connection can be used for the next.
func (l *Load) request(c net.Conn, in *bufio.Reader, uri string) (again bool, err error) {
	_ = c.SetDeadline(time.Now().Add(answerLimit)) // it has just been used
	connection := ""
	if !l.keep {
		connection = "Connection: close\r\n"
	}
	if _, err := io.WriteString(c, "GET "+uri+" HTTP/1.1\r\nHost: localhost\r\n"+connection+"\r\n"); err != nil {
		return false, fmt.Errorf("write: %s", kindOf(err))
	}
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return false, fmt.Errorf("read: %s", kindOf(err))
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return false, fmt.Errorf("read body: %s", kindOf(err))
	case resp.StatusCode != http.StatusOK || !strings.HasPrefix(string(body), "generation "):
		return false, fmt.Errorf("status: %d", resp.StatusCode)
	}
	return !resp.Close && l.keep, nil
}

// kindOf names an error without its addresses.
func kindOf(err error) string {
	var e syscall.Errno
	switch {
	case errors.As(err, &e):
		return e.Error()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "timeout"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "closed"
	}
	return err.Error()
}
