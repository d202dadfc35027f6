//go:build !race

// The race detector has the scheduler shuffle what is ready to run, to find more races; there is no order to test then.

package main

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestFirstComeFirstServed: requests that were waiting at once are served in the order in which they came, as limit_conn and
// those who wait longest want it. The server is halted while they come.
func TestFirstComeFirstServed(t *testing.T) {
	t.Run("on new connections", func(t *testing.T) {
		inOrder(t, func(o *ordered) {
			o.signal(syscall.SIGSTOP)
			for i := range o.conns {
				o.connect(i)
				o.ask(i)
			}
		})
	})
	t.Run("on connections that have waited", func(t *testing.T) {
		inOrder(t, func(o *ordered) {
			for i := range o.conns {
				o.connect(i)
			}
			o.eventually("all connections", func() bool { return strings.Contains(o.getPath("/status"), "Waiting: 8 ") })
			o.signal(syscall.SIGSTOP)
			for i := range o.conns {
				o.ask(i)
			}
		})
	})
}

// rounds is how many times inOrder tries. To Go's scheduler a goroutine that ran while the process was halted has run for too
// long, and about one time in ten it is this that interrupts the one that wakes up the others.
const rounds = 6

// inOrder wants the clients that come while the server is halted to be served in their order, in one round at least: where
// the order is wrong by construction, it is so in all of them.
func inOrder(t *testing.T, halt func(*ordered)) {
	var got []string
	for range rounds {
		o := newOrdered(t)
		halt(o)
		o.signal(syscall.SIGCONT)
		if got = o.served(); asTheyCame(got) {
			return
		}
	}
	t.Errorf("served in the order %q", got)
}

// ordered is a server with clients whose turns are logged.
type ordered struct {
	*instance
	process int
	conns   [8]net.Conn
}

func newOrdered(t *testing.T) *ordered {
	in := newInstance(t, `worker_processes 1; master_process off; daemon off;
		events { }
		http {
			log_format order "$arg_n";
			access_log off;
			server {
				listen 127.0.0.1:PORT;
				location / { access_log logs/order.log order; return 200 ok; }
				location = /status { stub_status; }
			}
		}`)
	o := &ordered{instance: in}
	o.process, _ = in.start()
	return o
}

func (o *ordered) signal(s syscall.Signal) {
	o.t.Helper()
	if err := syscall.Kill(o.process, s); err != nil {
		o.t.Fatal(err)
	}
}

func (o *ordered) connect(i int) {
	o.t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", o.port))
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = c.Close() })
	o.conns[i] = c
}

func (o *ordered) ask(i int) {
	o.t.Helper()
	if _, err := fmt.Fprintf(o.conns[i], "GET /?n=%s HTTP/1.0\r\n\r\n", turn(i)); err != nil {
		o.t.Fatal(err)
	}
}

func turn(i int) string { return fmt.Sprintf("client%d", i) }

// served waits until all clients are served and returns the order.
func (o *ordered) served() (names []string) {
	o.t.Helper()
	for _, c := range o.conns {
		if _, err := io.ReadAll(c); err != nil {
			o.t.Fatal(err)
		}
	}
	o.eventually("all lines", func() bool {
		names = slices.DeleteFunc(strings.Fields(o.read("logs/order.log")), func(n string) bool { return n == "-" })
		return len(names) == len(o.conns)
	})
	return names
}

// asTheyCame says whether names are in order. Lines of two requests that end together may change places.
func asTheyCame(names []string) bool {
	for i, name := range names {
		if name != turn(max(i-1, 0)) && name != turn(i) && name != turn(i+1) {
			return false
		}
	}
	return true
}
