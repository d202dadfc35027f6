package httptest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/front/fronttest"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Bubble runs the contents of an http block in memory, inside a bubble of testing/synctest
// in which fn is called; see fronttest. The server quits when fn returns.
func Bubble(t *testing.T, text string, fn func(t *testing.T, s *Server), modules ...httpd.Module) {
	t.Helper()
	fronttest.EmptyPools()
	defer fronttest.EmptyPools()
	stats := &httpd.Stats{}
	dir := tempDir(t)
	fronttest.Bubble(t, &stats.Stats, func(t *testing.T, n *fronttest.Network, in *front.Instance) {
		s := &Server{t: t, Dir: dir, stats: stats, memory: n}
		cfg, _, err := s.load(text, modules)
		if err != nil {
			t.Fatal(err)
		}
		in.Use(s.bind(in, cfg), nil)
		fn(t, s)
	})
}

// Reload makes text the configuration of a server that Bubble has made.
func (s *Server) Reload(text string, modules ...httpd.Module) {
	s.t.Helper()
	cfg, _, err := s.load(text, modules)
	if err != nil {
		s.t.Fatal(err)
	}
	s.in.Use(s.bind(s.in, cfg), nil)
}

// Client connects to a server that Bubble has made.
func (s *Server) Client() *fronttest.Client {
	spec := netaddr.ListenSpec{Addr: netaddr.UnixAddr(s.socket)}
	return s.memory.Dial(s.in, spec.Key())
}

// Memory returns the network of a server that Bubble has made.
func (s *Server) Memory() *fronttest.Network { return s.memory }

// Instance returns what serves the connections.
func (s *Server) Instance() *front.Instance { return s.in }

// Step is something that happens at a time since a connection was made.
type Step struct {
	At   time.Duration
	Send string                    // what the client sends
	Do   func(c *fronttest.Client) // what else happens; nil: nothing
}

// Play connects to a server that Bubble has made, takes the steps, and returns what came
// in the meantime and until the end of the connection, with the time of each:
//
//	0s 200 "fine"; 5s closed
//
// That is the status codes of responses and their bodies, without their heads and without
// the pages of errors. A long body is left out but for its length.
func (s *Server) Play(steps ...Step) string {
	began := time.Now()
	c := s.Client()
	defer func() { _ = c.Close() }()
	var other sync.WaitGroup
	other.Go(func() {
		for _, step := range steps {
			time.Sleep(step.At - time.Since(began))
			c.Send(step.Send)
			if step.Do != nil {
				step.Do(c)
			}
		}
	})
	got := Watch(c, began)
	other.Wait()
	return got
}

// Watch is the part of Play that reads.
func Watch(c net.Conn, began time.Time) string {
	var events []string
	p := make([]byte, 64<<10)
	for {
		n, err := c.Read(p)
		at := time.Since(began).Truncate(time.Microsecond)
		if err != nil {
			how := "closed"
			if !errors.Is(err, io.EOF) {
				how = err.Error()
			}
			return strings.Join(append(events, fmt.Sprintf("%v %s", at, how)), "; ")
		}
		came := string(p[:n])
		for c, ok := c.(*fronttest.Client); ok; {
			time.Sleep(time.Nanosecond) // everything else at this time comes first
			if c.Received() == "" {
				break
			}
			n, _ := c.Read(p)
			came += string(p[:n])
		}
		events = append(events, fmt.Sprintf("%v %s", at, summary(came)))
	}
}

var responseHead = regexp.MustCompile(`(?s)HTTP/1\.1 (\d+)[^\r]*\r\n.*?\r\n\r\n(<html>.*?</html>\r\n)?`)

// summary is how Play tells what came.
func summary(came string) string {
	heads := responseHead.FindAllStringSubmatchIndex(came, -1)
	var out []string
	body := func(text string) {
		switch {
		case text == "":
		case len(text) > 60:
			out = append(out, fmt.Sprintf("+%d", len(text)))
		default:
			out = append(out, fmt.Sprintf("%q", text))
		}
	}
	at := 0
	for _, h := range heads {
		body(came[at:h[0]])
		out = append(out, came[h[2]:h[3]])
		at = h[1]
	}
	body(came[at:])
	return strings.Join(out, " ")
}
