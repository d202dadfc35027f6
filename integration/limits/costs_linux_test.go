package limits

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
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

// manyFiles makes a folder in html with so many names of one empty file.
func (s *site) manyFiles(folder string, names int) {
	s.t.Helper()
	dir := filepath.Join(s.Dir(), "html", folder)
	must(s.t, os.Mkdir(dir, 0o755))
	first := filepath.Join(dir, fmt.Sprintf("file%06d.txt", 0))
	must(s.t, os.WriteFile(first, nil, 0o644))
	for i := range names - 1 {
		must(s.t, os.Link(first, filepath.Join(dir, fmt.Sprintf("file%06d.txt", i+1))))
	}
}

// TestLargeListing: twelve listings of a folder with 20,000 names at a time take what they take nginx.
func TestLargeListing(t *testing.T) {
	const names, clients = 20_000, 12
	set := setup{text: `
-- server.conf --
location / { autoindex on; }
`}
	beside(t, set, 16*mb, func(s *site) size {
		s.manyFiles("large", names)
		return s.growth(func() {
			done := make(chan *arrivals, clients)
			for range clients {
				c := s.dial()
				c.send("GET /large/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				go func() { done <- c.receive(patience) }()
			}
			for range clients {
				if got := <-done; !strings.Contains(got.text(), "file019999.txt") {
					t.Errorf("%s: %.200q", s, got.text())
				}
			}
		})
	})
}

// TestListingHoldsNoDescriptor: a client that takes its time for a listing does not keep the folder open, as with nginx.
func TestListingHoldsNoDescriptor(t *testing.T) {
	t.Parallel()
	const names, folder = 40_000, "/html/large"
	for _, binary := range []string{oracle(), tested()} {
		s := start(t, binary, setup{text: `
-- server.conf --
location / { autoindex on; sendfile off; }
`})
		s.manyFiles("large", names)
		c := s.dial()
		c.send("GET /large/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		if got := c.receiveUntil("file000000.txt", patience); got.status() != 200 {
			t.Fatalf("%s: %.200q", s, got.text())
		}
		if n := s.descriptorsOf(folder); n != 0 {
			t.Errorf("%s has the folder open %d times", s, n)
		}
		if got := c.receive(patience); !strings.Contains(got.text(), "file039999.txt") {
			t.Errorf("%s: %d bytes", s, len(got.text()))
		}
	}
}

// TestLargeChoice: to pick a file of a folder with 20,000 names at random takes at most twice nginx's processor time.
func TestLargeChoice(t *testing.T) {
	t.Parallel()
	const names, requests = 20_000, 20
	set := setup{text: `
-- server.conf --
location / { random_index on; }
`}
	used := func(binary string) (used time.Duration) {
		t.Run(filepath.Base(binary), func(t *testing.T) {
			s := start(t, binary, set)
			s.manyFiles("large", names)
			c := s.dial()
			before := s.cpu()
			for range requests {
				c.send("GET /large/ HTTP/1.1\r\nHost: a\r\n\r\n")
				if got := c.receiveUntil("\r\n\r\n", patience); got.status() != 200 {
					t.Errorf("%s: %q", s, got.text())
				}
			}
			used = s.cpu() - before
		})
		return used
	}
	var nginx, sluice time.Duration
	for range tries {
		nginx, sluice = used(oracle()), used(tested())
		t.Logf("nginx %v, the server under test %v", nginx, sluice)
		// Both are counted in hundredths of a second.
		if t.Failed() || sluice <= harness.Generosity*(2*nginx+20*time.Millisecond) {
			return
		}
	}
	t.Errorf("nginx %v, the server under test %v", nginx, sluice)
}
