package limits

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoubling: a document whose variable is set to itself twice, again and again, makes no text without an end. nginx has no
// bound here.
func TestDoubling(t *testing.T) {
	t.Parallel()
	page := `<!--#set var="a" value="0123456789abcdef" -->` + strings.Repeat(`<!--#set var="a" value="$a$a" -->`, 22) +
		strings.Repeat(`<!--#set var="b" value="$a" -->`, 20) + "end"
	within(t, setup{text: `
-- server.conf --
location / { ssi on; default_type text/html; }
-- html/page.html --
` + page + "\n"}, 48*mb, func(s *site) size {
		return s.growth(func() {
			c := s.dial()
			c.send("GET /page.html HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			if got := c.receive(patience); got.status() != 200 || !strings.Contains(got.text(), "end") {
				t.Errorf("%s: %.300q", s, got.text())
			}
		})
	})
}

// TestLargeListing: twelve listings of a folder with 40,000 names at a time take what they take nginx.
func TestLargeListing(t *testing.T) {
	const names, clients = 40_000, 12
	set := setup{text: `
-- server.conf --
location / { autoindex on; }
-- html/page.html --
here
`}
	beside(t, set, 64*mb, func(s *site) size {
		dir := filepath.Join(s.Dir(), "html", "large")
		must(t, os.Mkdir(dir, 0o755))
		for i := range names {
			must(t, os.Link(filepath.Join(s.Dir(), "html", "page.html"), filepath.Join(dir, fmt.Sprintf("file%06d.txt", i))))
		}
		return s.growth(func() {
			done := make(chan *arrivals, clients)
			for range clients {
				c := s.dial()
				c.send("GET /large/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				go func() { done <- c.receive(patience) }()
			}
			for range clients {
				if got := <-done; !strings.Contains(got.text(), "file039999.txt") {
					t.Errorf("%s: %.200q", s, got.text())
				}
			}
		})
	})
}
