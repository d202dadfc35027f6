package ssi_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
)

// TestIncludesBesideLimitedOutput: what is included behind a part that limit_rate delays is asked for meanwhile, and what the
// document includes later keeps its place.
func TestIncludesBesideLimitedOutput(t *testing.T) {
	b := newBackend(t)
	s := serve(t, `limit_rate 10; location / { ssi on; } location /up/ { ssi on; proxy_pass http://`+b.addr+`/; }`, map[string]string{
		"page.html": `<!--#include virtual="/long.html" --><!--#include virtual="/up/a" -->`,
		"long.html": strings.Repeat("x", 10_000),
	})
	c := s.Dial()
	if _, err := io.WriteString(c, "GET /page.html HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case b.of("/a") <- "A":
	case <-time.After(20 * time.Second): // all of the output takes 17 minutes
		t.Error("the second include waits for the first")
	}
	_ = c.Close()
	close(b.of("/a")) // the end of the test waits for all goroutines
}

// TestOrderOfLimitedOutput: parts that are output while limit_rate delays others come in their places.
func TestOrderOfLimitedOutput(t *testing.T) {
	b := newBackend(t)
	s := serve(t, `limit_rate 1500; limit_rate_after 100; postpone_output 0; location / { ssi on; }
		location /up/ { ssi on; proxy_pass http://`+b.addr+`/; }`, map[string]string{
		"page.html": `0<!--#include virtual="/up/a" -->1<!--#include virtual="/x.html" -->2<!--#include virtual="/up/b" wait="yes" -->3` +
			`<!--#include virtual="/x.html" -->4<!--#include virtual="/up/c" -->5`,
		"x.html": strings.Repeat("x", 1000) + `<!--#include virtual="/y.html" -->` + strings.Repeat("z", 500),
		"y.html": "y",
	})
	answer := get(s, "/page.html")
	b.say("/b", "B")
	b.say("/a", `A<!--#include virtual="/y.html" -->A`)
	b.say("/c", "C")
	x := strings.Repeat("x", 1000) + "y" + strings.Repeat("z", 500)
	if r := <-answer; r.Body != "0AyA1"+x+"2B3"+x+"4C5" {
		t.Errorf("%+v", r)
	}
}

// TestPanicInAWait: a member of a subrequest family that panics while another one runs waits until it is its own turn before it
// ends the response.
func TestPanicInAWait(t *testing.T) {
	seen := make(chan bool, 2) // of both includes
	faulty := httpd.Module{Name: "faulty", Register: func(b *httpd.Builder, _ *conf.Module) {
		b.Plan(func(p *httpd.Plan) {
			p.AddContent(func(r *httpd.Request) httpd.Result {
				switch string(r.URI) {
				case "/fault":
					r.BeginWait()
					panic("in a wait")
				case "/other":
					failed := false
					for begun := time.Now(); time.Since(begun) < 100*time.Millisecond && !failed; {
						failed = r.Main().Failed()
					}
					seen <- failed
				}
				return httpd.Declined
			})
		})
	}}
	s := httptest.New(t, "default_type text/html; server { location / { ssi on; } }", append([]httpd.Module{faulty}, modules()...)...)
	write(t, s.Dir, map[string]string{
		"page.html": `0<!--#include virtual="/fault" -->1<!--#include virtual="/other" -->2<!--#include virtual="/other" -->3`,
	})
	if r := s.Get("/page.html"); strings.Contains(r.Body, "3") {
		t.Errorf("%+v", r)
	}
	if <-seen {
		t.Error("the response was ended while another request of the family was running")
	}
}
