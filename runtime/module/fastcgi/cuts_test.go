package fastcgi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/fcgi"
)

// padded is a record with as much padding as is said.
func padded(t fcgi.Type, content string, padding byte) string {
	b := append(fcgi.AppendHead(nil, t, len(content)), content...)
	b[6] = padding
	return string(append(b, make([]byte, padding)...))
}

// TestStderrBeforeHeader: what comes before the header takes no room in the buffer, wherever the buffer ends and wherever a
// read ends: in standard error, its padding, the head of the record behind it, or the header.
func TestStderrBeforeHeader(t *testing.T) {
	const size = 48 // fastcgi_buffer_size: the record with the header needs 8 bytes less
	header := padded(fcgi.Stdout, "X-A: a\r\nX-B: b\r\n\r\nxyz", 3)
	for _, keep := range []bool{true, false} {
		set := settings{keep: keep, Settings: pass.Settings{Buffering: true, BufferSize: size}}
		t.Run(fmt.Sprintf("keep %t", keep), func(t *testing.T) {
			application(t, set, func(t *testing.T, ask func(pieces ...string) string) {
				for n := range 2 * size { // with which the header is at every place of the buffer
					sent := padded(fcgi.Stderr, "warn", 0) + padded(fcgi.Stderr, strings.Repeat("e", n), 5) + header + end
					try := func(pieces ...string) {
						if got := ask(pieces...); got != "200 X-A: a X-B: b; xyz" {
							t.Errorf("%d bytes of standard error, pieces %q: %q", n, pieces, got)
						}
					}
					try(sent)
					for cut := len(sent) - len(header) - len(end) - 8; cut < len(sent)-len(end); cut++ {
						try(sent[:cut], sent[cut:])
					}
				}
			})
		})
	}
}

// TestHeaderSize: how large a header may be is the same with and without standard error before it, wherever a read ends. The
// head of its record counts, as in nginx.
func TestHeaderSize(t *testing.T) {
	const size = 48
	set := settings{Settings: pass.Settings{Buffering: true, BufferSize: size}}
	application(t, set, func(t *testing.T, ask func(pieces ...string) string) {
		for _, stderr := range []string{"", padded(fcgi.Stderr, "e", 0), padded(fcgi.Stderr, strings.Repeat("e", size), 7)} {
			for length, want := range map[int]string{size: "200", size + 1: "502"} {
				text := "X-A: " + strings.Repeat("a", length-fcgi.HeadSize-len("X-A: \r\n\r\n")) + "\r\n\r\n"
				sent := stderr + padded(fcgi.Stdout, text, 0) + padded(fcgi.Stdout, "body", 0) + end
				for cut := range len(sent) - len(end) {
					if got := ask(sent[:cut], sent[cut:]); !strings.HasPrefix(got, want) {
						t.Errorf("%d bytes behind %d of standard error, cut at %d: %q, want %s", length, len(stderr), cut, got, want)
					}
				}
			}
		}
	})
}

// TestStderrWithoutEnd: fastcgi_read_timeout ends a response that never begins, also where every read ends in the head of a
// record, which is kept for the next read.
func TestStderrWithoutEnd(t *testing.T) {
	set := settings{Settings: pass.Settings{Buffering: true, BufferSize: 48, ReadTimeout: 100}}
	application(t, set, func(t *testing.T, ask func(pieces ...string) string) {
		record := padded(fcgi.Stderr, "again", 0)
		for cut := range len(record) {
			pieces := []string{record[:cut]}
			for range 200 { // a millisecond each
				pieces = append(pieces, record[cut:]+record[:cut])
			}
			pieces = append(pieces, record[cut:]+padded(fcgi.Stdout, "X-A: a\r\n\r\n", 0)+end)
			if got := ask(pieces...); !strings.HasPrefix(got, "504") {
				t.Errorf("cut at %d: %q", cut, got)
			}
		}
	})
}
