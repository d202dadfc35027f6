package h2peer_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

// ask sends a request and returns what comes up to the end of the connection.
func ask(t *testing.T, s *httptest.Server, request string) string {
	t.Helper()
	c := s.Dial()
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	all, _ := io.ReadAll(c)
	return string(all)
}

const get = "GET /a?b HTTP/1.1\r\nHost: h\r\nX-Client: c\r\nConnection: close\r\n\r\n"

// joinChunks makes one chunk of those that a body begins with, since what of it comes together is up to the reads. It is for
// what follows the fields of the connection: the others, and the body.
func joinChunks(s string) string {
	fields, body, _ := strings.Cut(s, "\r\n\r\n")
	fields += "\r\n\r\n"
	if rest, ok := strings.CutPrefix(s, "\r\n"); ok {
		fields, body = "\r\n", rest
	}
	data := ""
	for {
		line, rest, _ := strings.Cut(body, "\r\n")
		n, err := strconv.ParseUint(line, 16, 16)
		if err != nil || n == 0 || int(n)+2 > len(rest) {
			break
		}
		data, body = data+rest[:n], rest[n+2:]
	}
	if data == "" {
		return s
	}
	return fmt.Sprintf("%s%x\r\n%s\r\n%s", fields, len(data), data, body)
}

// TestResponses: what a peer may send, whatever it puts between.
func TestResponses(t *testing.T) {
	for name, tc := range map[string]struct {
		send func(c *conn, id uint32)
		want string // of the response, behind the status and the connection's fields
	}{
		"a body": {func(c *conn, id uint32) {
			headers(c.Framer, id, false, ":status: 200", "x-a: b", "x-empty: ")
			_ = c.WriteData(id, false, []byte("hel"))
			_ = c.WriteData(id, true, []byte("lo"))
		}, "x-a: b\r\nx-empty: \r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
		"a length": {func(c *conn, id uint32) {
			headers(c.Framer, id, false, ":status: 200", "content-length: 5")
			_ = c.WriteData(id, true, []byte("hello"))
		}, "\r\nhello"},
		"no body": {func(c *conn, id uint32) { headers(c.Framer, id, true, ":status: 404", "x-a: b") }, "x-a: b\r\n\r\n0\r\n\r\n"},
		"an empty end": {func(c *conn, id uint32) {
			headers(c.Framer, id, false, ":status: 200")
			_ = c.WriteData(id, false, []byte("hello"))
			_ = c.WriteData(id, true, nil)
		}, "\r\n5\r\nhello\r\n0\r\n\r\n"},
		"trailers": {func(c *conn, id uint32) {
			headers(c.Framer, id, false, ":status: 200")
			_ = c.WriteData(id, false, []byte("hello"))
			headers(c.Framer, id, true, "x-t: u", "x-v: ")
		}, "\r\n5\r\nhello\r\n0\r\nx-t: u\r\nx-v: \r\n\r\n"},
		"trailers alone": {func(c *conn, id uint32) {
			headers(c.Framer, id, false, ":status: 200")
			headers(c.Framer, id, true, "x-t: u")
		}, "\r\n0\r\nx-t: u\r\n\r\n"},
		"padding and continuations": {func(c *conn, id uint32) {
			b := block(":status: 200", "x-a: b", "x-long: "+strings.Repeat("l", 300))
			_ = c.WriteHeaders(http2.HeadersFrameParam{
				StreamID: id, BlockFragment: b[:2], PadLength: 200, Priority: http2.PriorityParam{Weight: 3},
			})
			for i := 2; i < len(b); i++ {
				_ = c.WriteContinuation(id, i == len(b)-1, b[i:i+1])
			}
			_ = c.WriteDataPadded(id, false, []byte("hello"), make([]byte, 255))
			_ = c.WriteDataPadded(id, false, nil, make([]byte, 9))
			_ = c.WriteDataPadded(id, true, []byte("!"), make([]byte, 1))
		}, "x-a: b\r\nx-long: " + strings.Repeat("l", 300) + "\r\n\r\n6\r\nhello!\r\n0\r\n\r\n"},
		"other frames": {func(c *conn, id uint32) {
			_ = c.WriteRawFrame(0xbe, 0xff, 0, make([]byte, 16384))
			_ = c.WritePriority(id, http2.PriorityParam{Weight: 3})
			_ = c.WriteSettingsAck()
			headers(c.Framer, id, false, ":status: 200")
			_ = c.WriteRawFrame(0xbe, 0xff, id, make([]byte, 16384))
			_ = c.WriteData(id, true, []byte("hello"))
			_ = c.WriteRSTStream(id, 0)
		}, "\r\n5\r\nhello\r\n0\r\n\r\n"},
		"a peer that closes": {func(c *conn, id uint32) {
			_ = c.WriteGoAway(id, http2.ErrCodeNo, []byte("bye"))
			headers(c.Framer, id, false, ":status: 200")
			_ = c.WriteData(id, true, []byte("hello"))
			_ = c.net.Close()
		}, "\r\n5\r\nhello\r\n0\r\n\r\n"},
		"transfer-encoding": {func(c *conn, id uint32) {
			headers(c.Framer, id, false, ":status: 200", "transfer-encoding: chunked")
			_ = c.WriteData(id, true, []byte("hello"))
		}, "\r\n5\r\nhello\r\n0\r\n\r\n"},
	} {
		for _, buffering := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				addr := peer(t, func(_ int, c *conn) { tc.send(c, c.request()) })
				s := serve(t, "server "+addr+";", func(s *pass.Settings) { s.Buffering = buffering })
				got := ask(t, s, get)
				_, rest, _ := strings.Cut(got, "\r\nConnection: close\r\n")
				if tc.want != joinChunks(rest) {
					t.Errorf("%q\nwant ...%q\n%s", got, tc.want, s.Log())
				}
			})
		}
	}
}

// TestRequests: what a peer gets.
func TestRequests(t *testing.T) {
	for name, tc := range map[string]struct {
		request string
		stream  bool
		want    []string
	}{
		"none": {get, false, []string{"HEADERS 1 :method: GET, :scheme: http, :path: /a?b, :authority: toy, host: h, x-client: c, connection: close END"}},
		"a small body": {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", false, []string{
			"HEADERS 1 :method: PUT, :scheme: http, :path: /, :authority: toy, ", "DATA 1 5 END",
		}},
		"a body that comes": {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n", true, []string{
			"HEADERS 1 :method: POST, :scheme: http, :path: /, :authority: toy, ", "DATA 1 5 END",
		}},
		"a large field": {"GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("\x01", 7000) + "\r\nY: " + strings.Repeat("\x01", 7000) +
			"\r\nZ: " + strings.Repeat("\x01", 7000) + "\r\nConnection: close\r\n\r\n", false, []string{
			"HEADERS 1", "CONTINUATION 1 :method: GET, :scheme: http, :path: /, :authority: toy, ",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []string
			addr := peer(t, func(_ int, c *conn) {
				for len(seen) < len(tc.want) {
					line := c.next()
					if line == "" {
						break
					}
					if !slices.Contains(opening, line) {
						seen = append(seen, line)
					}
				}
				headers(c.Framer, 1, true, ":status: 200")
			})
			s := serve(t, "server "+addr+";", func(s *pass.Settings) { s.RequestBuffering = !tc.stream })
			if got := ask(t, s, tc.request); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
				t.Errorf("%q\n%s", got, s.Log())
			}
			for i, want := range tc.want {
				if i >= len(seen) || seen[i] != want && !strings.EqualFold(seen[i], want) && !strings.HasPrefix(seen[i], want) {
					t.Errorf("%.300q\nwant %q", seen, tc.want)
				}
			}
		})
	}
}

// TestFlowControl: a body is sent as far as the peer allows it, on the stream and on the connection, and control frames are
// answered meanwhile.
func TestFlowControl(t *testing.T) {
	for _, stream := range []bool{false, true} {
		size := 200000
		var frames []string
		addr := peer(t, func(_ int, c *conn) {
			id := c.request()
			got := 0
			read := func(upTo int) {
				for got < upTo {
					line := c.next()
					if line == "" {
						return
					}
					if !strings.HasPrefix(line, "DATA ") {
						frames = append(frames, line)
						continue
					}
					n := 0
					for _, d := range strings.Fields(line)[2] {
						n = 10*n + int(d-'0')
					}
					got += n
				}
			}
			read(65535)
			if got != 65535 {
				t.Errorf("%d bytes were sent in a window of 65535", got)
			}
			_ = c.WritePing(false, [8]byte{7})
			_ = c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 65535 + 1000})
			_ = c.WriteWindowUpdate(0, 100)
			read(65635)
			_ = c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10})
			_ = c.WriteWindowUpdate(0, 1<<30)
			_ = c.WriteWindowUpdate(id, 1<<30)
			read(size)
			if got != size {
				t.Errorf("%d bytes", got)
			}
			headers(c.Framer, id, true, ":status: 200")
		})
		s := serve(t, "server "+addr+";", func(s *pass.Settings) { s.RequestBuffering = !stream })
		got := ask(t, s, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\nConnection: close\r\n\r\n"+strings.Repeat("x", size))
		if !strings.HasPrefix(got, "HTTP/1.1 200 ") {
			t.Errorf("%q\n%s", got, s.Log())
		}
		if want := []string{"PING 0 END", "SETTINGS 0 END", "SETTINGS 0 END"}; !slices.Equal(frames, want) {
			t.Errorf("%q, want %q", frames, want)
		}
	}
}

// TestKept: a connection serves one exchange after the other, with what its peer allows.
func TestKept(t *testing.T) {
	const window = 100
	addr := peer(t, func(n int, c *conn) {
		if n > 0 {
			t.Errorf("another connection")
		}
		_ = c.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window})
		for want := uint32(1); ; want += 2 {
			id := c.request()
			if id == 0 {
				return
			}
			if id != want {
				t.Errorf("stream %d, want %d", id, want)
			}
			if want > 1 { // the window is known
				if line := c.until("DATA")[0]; !strings.HasSuffix(line, " 100") {
					t.Errorf("%s at first", line)
				}
				_ = c.WriteWindowUpdate(id, 1000)
			}
			for line := ""; !strings.HasSuffix(line, " END"); {
				line = c.until("DATA")[0]
			}
			_ = c.WriteWindowUpdate(0, 150)
			headers(c.Framer, id, false, ":status: 200", "content-length: 2")
			_ = c.WriteData(id, true, []byte("ok"))
		}
	})
	s := serve(t, "server "+addr+"; keepalive 1;", nil)
	for range 3 {
		got := ask(t, s, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 150\r\nConnection: close\r\n\r\n"+strings.Repeat("x", 150))
		if !strings.HasSuffix(got, "\r\n\r\nok") {
			t.Errorf("%q\n%s", got, s.Log())
		}
	}
}

// TestNotKept: a connection that its peer is about to close, or whose request is not complete, serves no other exchange.
func TestNotKept(t *testing.T) {
	for name, answer := range map[string]func(c *conn, id uint32){
		"GOAWAY": func(c *conn, id uint32) {
			_ = c.WriteGoAway(id, http2.ErrCodeNo, nil)
			headers(c.Framer, id, true, ":status: 200")
		},
		"a frame behind the end": func(c *conn, id uint32) {
			b := frames(func(w *http2.Framer) { headers(w, id, true, ":status: 200") })
			_, _ = c.net.Write(append(b, 0, 0, 0))
		},
	} {
		t.Run(name, func(t *testing.T) {
			conns := make(chan int, 10)
			addr := peer(t, func(n int, c *conn) {
				conns <- n
				answer(c, c.request())
			})
			s := serve(t, "server "+addr+"; keepalive 1;", nil)
			for range 2 {
				if got := ask(t, s, get); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
					t.Errorf("%q\n%s", got, s.Log())
				}
			}
			if len(conns) != 2 {
				t.Errorf("%d connections", len(conns))
			}
		})
	}
}

// TestEarlyHints: they reach the client before the response.
func TestEarlyHints(t *testing.T) {
	addr := peer(t, func(_ int, c *conn) {
		id := c.request()
		headers(c.Framer, id, false, ":status: 103", "link: a")
		headers(c.Framer, id, false, ":status: 103", "link: b")
		headers(c.Framer, id, false, ":status: 200", "content-length: 2")
		_ = c.WriteData(id, true, []byte("ok"))
	})
	s := serve(t, "server "+addr+";", nil)
	got := ask(t, s, get)
	if !strings.HasSuffix(got, "\r\n\r\nok") || !strings.Contains(got, "200 OK") {
		t.Errorf("%q\n%s", got, s.Log())
	}
}

// TestNext: a request that a peer has refused goes to the next one, anew.
func TestNext(t *testing.T) {
	bad := peer(t, func(_ int, c *conn) {
		id := c.request()
		_ = c.WriteRSTStream(id, http2.ErrCodeRefusedStream)
	})
	good := peer(t, func(_ int, c *conn) {
		id := c.request()
		headers(c.Framer, id, false, ":status: 200", "content-length: 2")
		_ = c.WriteData(id, true, []byte("ok"))
	})
	s := serve(t, "server "+bad+"; server "+good+" backup;", func(s *pass.Settings) { s.Next.V = int(pass.FailError | pass.FailInvalidHeader) })
	if got := ask(t, s, get); !strings.HasSuffix(got, "\r\n\r\nok") {
		t.Errorf("%q\n%s", got, s.Log())
	}
}

// TestWindowInTime: a peer that takes no more of a request for *_send_timeout has failed, before its answer and in it.
func TestWindowInTime(t *testing.T) {
	for _, answered := range []bool{false, true} {
		addr := peer(t, func(_ int, c *conn) {
			id := c.request()
			if answered {
				headers(c.Framer, id, false, ":status: 200")
				_ = c.WriteData(id, false, []byte("begun"))
			}
		})
		s := serve(t, "server "+addr+";", func(s *pass.Settings) { s.SendTimeout, s.Buffering = 100, false })
		got := ask(t, s, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\nConnection: close\r\n\r\n"+strings.Repeat("x", 200000))
		if want := " 504 "; !answered && !strings.Contains(got, want) || strings.HasSuffix(got, "\r\n0\r\n\r\n") && answered {
			t.Errorf("answered %t: %q", answered, got)
		}
		if log := s.Log(); strings.Count(log, "upstream timed out (110: Connection timed out)") != 1 {
			t.Errorf("answered %t: %s", answered, log)
		}
	}
}

// TestManyPings: a peer that sends more pings than are answered, since it takes no answers, is given up.
func TestManyPings(t *testing.T) {
	addr := peer(t, func(_ int, c *conn) {
		c.request()
		ping := frames(func(w *http2.Framer) { _ = w.WritePing(false, [8]byte{}) })
		for range 1 << 16 { // until the other side has given up
			if _, err := c.net.Write(bytes.Repeat(ping, 100)); err != nil {
				return
			}
		}
	})
	s := serve(t, "server "+addr+";", func(s *pass.Settings) { s.ReadTimeout = 2000 })
	if got := ask(t, s, get); !strings.Contains(got, " 502 ") && !strings.Contains(got, " 504 ") {
		t.Errorf("%q\n%s", got, s.Log())
	}
}

// TestGoAwayOfKept: a request that meets the GOAWAY of a kept connection is sent again on a new one.
func TestGoAwayOfKept(t *testing.T) {
	addr := peer(t, func(n int, c *conn) {
		for id := c.request(); id > 0; id = c.request() {
			if n == 0 && id > 1 {
				_ = c.WriteGoAway(1, http2.ErrCodeNo, nil)
				return
			}
			headers(c.Framer, id, false, ":status: 200", "content-length: 2")
			_ = c.WriteData(id, true, []byte("ok"))
		}
	})
	s := serve(t, "server "+addr+"; keepalive 1;", nil)
	for range 3 {
		if got := ask(t, s, get); !strings.HasSuffix(got, "\r\n\r\nok") {
			t.Errorf("%q\n%s", got, s.Log())
		}
	}
	if log := s.Log(); strings.Count(log, "upstream sent goaway with error 0") != 1 {
		t.Error(log)
	}
}
