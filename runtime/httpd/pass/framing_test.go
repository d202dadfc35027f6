package pass_test

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/front/fronttest"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

// records is a framing that the test can read: "7:letters;" for each piece, "$" at the end.
type records struct{ most int }

func (records) Before(dst []byte, n int, _ bool) []byte { return fmt.Appendf(dst, "%d:", n) }
func (records) After(dst []byte, _ int) []byte          { return append(dst, ';') }
func (records) End(dst []byte) []byte                   { return append(dst, '$') }
func (f records) Max() int                              { return f.most }

// unframe reads a request with its body in records of at most most bytes.
func unframe(r *bufio.Reader, most int) (string, error) {
	if _, err := r.ReadString('\n'); err != nil {
		return "", err
	}
	var body strings.Builder
	for {
		if c, err := r.ReadByte(); err != nil || c == '$' {
			return body.String(), err
		}
		_ = r.UnreadByte()
		var n int
		if _, err := fmt.Fscanf(r, "%d:", &n); err != nil || n <= 0 || n > most {
			return "", fmt.Errorf("a piece of %d bytes: %w", n, err)
		}
		if _, err := io.CopyN(&body, r, int64(n)); err != nil {
			return "", err
		}
		if c, err := r.ReadByte(); c != ';' {
			return "", fmt.Errorf("%q behind a piece: %w", c, err)
		}
	}
}

// letters is a body of n bytes that differ.
func letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(i^i>>8)%26
	}
	return string(b)
}

// TestFraming: a body reaches the peer whole and wrapped in pieces of the protocol's size, be it small or large, in
// memory or in a file, there or still to come; and again at the next peer.
func TestFraming(t *testing.T) {
	for _, size := range []int{0, 1, 7, 20, 5000, 20000, 300000} {
		for _, most := range []int{7, 1000, 65535} {
			for _, stream := range []bool{false, true} {
				if size > 5000 && most == 7 {
					continue
				}
				name := fmt.Sprintf("%d bytes by %d, streamed %t", size, most, stream)
				body := letters(size)
				app := func(p *fronttest.Peer) {
					p.Accept = func(_ int, c *fronttest.Client) {
						got, err := unframe(bufio.NewReader(c), most)
						if err != nil || got != body {
							t.Errorf("%s: %d bytes arrived, or others; %v", name, len(got), err)
						}
						c.Send("200 2\nok")
					}
				}
				head := fmt.Sprintf("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", size)
				steps := []httptest.Step{{Send: head + body[:size/2]}, {At: time.Second, Send: body[size/2:]}}
				first := refuses
				tc := passing{
					name: name, set: func(s *pass.Settings) { s.RequestBuffering = !stream }, framing: records{most},
					peers: peers{first, app}, steps: steps, want: `1s 200 "ok"; 2s closed`, logs: "Connection refused",
				}
				if size < 2 {
					tc.want = `0s 200 "ok"; 1s closed`
					tc.steps = []httptest.Step{{Send: head + body}}
				}
				t.Run(name, tc.play)
			}
		}
	}
}
