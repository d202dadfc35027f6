package http1_test

import (
	"bufio"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestTerminateLogs: a request whose client has its answer is logged before Terminate returns, and none begins any more.
// Terminate waits for a tenth of a second at most, which a busy machine may take for nothing: then it is tried again.
func TestTerminateLogs(t *testing.T) {
	for range 10 {
		if terminateLogs(t) {
			return
		}
	}
	t.Error("the answered request was not logged")
}

// terminateLogs reports whether the request was logged; where Terminate had time for it, that is an error.
func terminateLogs(t *testing.T) bool {
	t.Helper()
	answered, logged := make(chan bool, 1), atomic.Int64{}
	slowLog := httpd.Module{Name: "ngx_http_log_module", Register: func(b *httpd.Builder, _ *conf.Module) {
		b.Plan(func(p *httpd.Plan) {
			p.Log(func(*httpd.Request) httpd.Result {
				<-answered
				time.Sleep(5 * time.Millisecond) // as a busy machine has it
				logged.Add(1)
				return httpd.OK
			})
		})
	}}
	s := httptest.New(t, "server { }", slowLog)
	ask := func(c net.Conn) error {
		_, err := io.WriteString(c, "GET /missing HTTP/1.1\r\nHost: a\r\n\r\n")
		return err
	}
	c := s.Dial()
	defer c.Close()
	if err := ask(c); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	answered <- true
	begun := time.Now()
	s.Terminate()
	if logged.Load() != 1 {
		if took := time.Since(begun); took < 100*time.Millisecond {
			t.Errorf("the answered request was not logged, and Terminate took %v", took)
		}
		return false
	}
	_ = ask(c) // the connection may be closed already
	if _, err := io.ReadAll(in); err != nil {
		t.Error(err)
	}
	if logged.Load() != 1 {
		t.Error("a request has begun after the end")
	}
	return true
}
