package http1_test

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// unmoved is a Waiter that nothing waits with.
type unmoved struct{}

func (unmoved) ClientGone() {}

// TestWatchBesideBody: a request whose body is read on another goroutine may watch its client, and so may that goroutine. The
// race detector looks on.
func TestWatchBesideBody(t *testing.T) {
	watched := make(chan bool, 1)
	passOn := httpd.Module{Name: "ngx_http_proxy_module", Register: func(b *httpd.Builder, _ *conf.Module) {
		b.Plan(func(p *httpd.Plan) {
			p.AddContent(func(r *httpd.Request) httpd.Result {
				flow, err := r.DetachBody()
				if err != nil {
					t.Error(err)
					return httpd.Error
				}
				read := make(chan []byte)
				go func() {
					var body []byte
					for {
						piece, err := flow.Next()
						if err != nil {
							break
						}
						body = append(body, piece...)
					}
					r.Watch(unmoved{})
					read <- body
				}()
				r.Watch(unmoved{})
				watched <- true
				body := <-read
				r.Unwatch(unmoved{})
				r.Unwatch(unmoved{})
				if err := r.AttachBody(flow); err != nil {
					t.Error(err)
				}
				return r.Respond(200, nil, body)
			})
		})
	}}
	s := httptest.New(t, "server { }", passOn)
	c := s.Dial()
	defer c.Close()
	in := bufio.NewReader(c)
	for range 3 {
		if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		<-watched
		if _, err := io.WriteString(c, "body"); err != nil {
			t.Fatal(err)
		}
		head := ""
		for !strings.HasSuffix(head, "\r\n\r\n") {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			head += line
		}
		body := make([]byte, 4)
		if _, err := io.ReadFull(in, body); err != nil || string(body) != "body" {
			t.Fatalf("%q, %v", body, err)
		}
	}
}
