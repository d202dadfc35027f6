package limits

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// pingPause is how long a client that pings waits between two requests.
const pingPause = 5 * time.Millisecond

// ping sends requests for uri on one kept connection until the function it returns is called, which tells the longest that
// one waited for its answer. The first request is answered before ping returns. It is for what another client notices.
func (s *site) ping(uri string) (stop func() time.Duration) {
	s.t.Helper()
	return s.pings(uri, true)
}

// knock is ping with a new connection for each request.
func (s *site) knock(uri string) (stop func() time.Duration) {
	s.t.Helper()
	return s.pings(uri, false)
}

func (s *site) pings(uri string, keep bool) (stop func() time.Duration) {
	s.t.Helper()
	p := &pinger{addr: s.Addr(1), uri: uri, keep: keep}
	must(s.t, p.once())
	end, result := make(chan struct{}), make(chan error)
	worst := time.Duration(0)
	go func() {
		for {
			select {
			case <-end:
				result <- nil
				return
			case <-time.After(pingPause):
			}
			begun := time.Now()
			err := p.once()
			worst = max(worst, time.Since(begun))
			if err != nil {
				<-end
				result <- err
				return
			}
		}
	}()
	return func() time.Duration {
		s.t.Helper()
		close(end)
		err := <-result
		if p.conn != nil {
			_ = p.conn.Close() // it has served
		}
		if err != nil {
			s.t.Errorf("%s: ping: %v", s, err)
		}
		return worst
	}
}

// pinger is a client that asks for one thing again and again.
type pinger struct {
	addr, uri string
	keep      bool
	conn      net.Conn // nil for none
	in        *bufio.Reader
}

// once sends one request and reads the answer.
func (p *pinger) once() error {
	if p.conn == nil {
		conn, err := net.DialTimeout("tcp", p.addr, patience)
		if err != nil {
			return err
		}
		p.conn, p.in = conn, bufio.NewReader(conn)
	}
	_ = p.conn.SetDeadline(time.Now().Add(patience)) // it is open
	connection := "keep-alive"
	if !p.keep {
		connection = "close"
	}
	if _, err := fmt.Fprintf(p.conn, "GET %s HTTP/1.1\r\nHost: ping\r\nConnection: %s\r\n\r\n", p.uri, connection); err != nil {
		return err
	}
	resp, err := http.ReadResponse(p.in, nil)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	if !p.keep || resp.Close {
		_ = p.conn.Close() // it has served
		p.conn = nil
	}
	return nil
}
