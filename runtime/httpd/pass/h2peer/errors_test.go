package h2peer_test

import (
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

func raw(text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// trouble is what a peer sends, and the words of the error log.
var trouble = []struct {
	name  string
	bytes []byte
	want  string
}{
	{"a large frame", raw("004001 00 00 00000001"), "upstream sent too large http2 frame: 16385"},
	{"a push", raw("000004 05 04 00000001 00000002"), "upstream sent unexpected push promise frame"},
	{"CONTINUATION of nothing", raw("000001 09 04 00000001 88"), "upstream sent unexpected http2 frame: 9"},
	{"a frame in a header block", raw("000001 01 00 00000001 88 000000 04 00 00000000"), "upstream sent unexpected http2 frame: 4"},
	{"another stream", raw("000001 01 04 00000003 88"), "upstream sent frame for unknown stream 3"},
	{"another stream in a block", raw("000001 01 00 00000001 88 000001 09 04 00000003 88"), "upstream sent frame for unknown stream 3"},
	{"RST_STREAM", raw("000004 03 00 00000001 00000007"), "upstream rejected request with error 7"},
	{"RST_STREAM without an error", raw("000004 03 00 00000001 00000000"), "upstream rejected request with error 0"},
	{"a short RST_STREAM", raw("000003 03 00 00000001 000000"), "upstream sent rst stream frame with invalid length: 3"},
	{"GOAWAY", raw("000008 07 00 00000000 00000000 00000002"), "upstream sent goaway with error 2"},
	{"GOAWAY with words", raw("00000b 07 00 00000000 00000000 00000002 616263"), "upstream sent goaway with error 2"},
	{"GOAWAY of a stream", raw("000008 07 00 00000001 00000001 00000000"), "upstream sent goaway frame with non-zero stream id: 1"},
	{"a short GOAWAY", raw("000007 07 00 00000000 00000001 000000"), "upstream sent goaway frame with invalid length: 7"},
	{"a short WINDOW_UPDATE", raw("000003 08 00 00000000 000001"), "upstream sent window update frame with invalid length: 3"},
	{"WINDOW_UPDATE of nothing", raw("000004 08 00 00000000 80000000"), "upstream sent zero window update"},
	{"WINDOW_UPDATE of too much", raw("000004 08 00 00000000 7fffffff"), "upstream sent too large window update"},
	{"WINDOW_UPDATE of too much for a stream", raw("000004 08 00 00000001 7fff0001"), "upstream sent too large window update"},
	{"SETTINGS of a stream", raw("000000 04 00 00000001"), "upstream sent settings frame with non-zero stream id: 1"},
	{"SETTINGS with ACK", raw("000006 04 01 00000000 0003 00000001"), "upstream sent settings frame with ack flag and non-zero length: 6"},
	{"SETTINGS cut", raw("000007 04 00 00000000 0003 00000001 00"), "upstream sent settings frame with invalid length: 7"},
	{"SETTINGS of a large window", raw("000006 04 00 00000000 0004 80000000"), "upstream sent settings frame with too large initial window size: 2147483648"},
	{
		"SETTINGS of a window that gets too large", raw("000004 08 00 00000001 7fff0000 000006 04 00 00000000 0004 00010000"),
		"upstream sent settings frame with too large initial window size: 65536",
	},
	{"PING of a stream", raw("000008 06 00 00000001 0000000000000000"), "upstream sent ping frame with non-zero stream id: 1"},
	{"a short PING", raw("000007 06 00 00000000 00000000000000"), "upstream sent ping frame with invalid length: 7"},
	{"PING with ACK", raw("000008 06 01 00000000 0000000000000000"), "upstream sent ping frame with ack flag"},
	{"HEADERS without its padding", raw("000000 01 0c 00000001"), "upstream sent headers frame with invalid length: 0"},
	{"HEADERS without its priority", raw("000005 01 2c 00000001 00 00000000"), "upstream sent headers frame with invalid length: 5"},
	{"HEADERS with much padding", raw("000002 01 0c 00000001 02 88"), "upstream sent http2 frame with too long padding: 2 in frame 1"},
	{"HEADERS with priority and much padding", raw("000007 01 2c 00000001 02 00000000 10 88"), "upstream sent http2 frame with too long padding: 2 in frame 1"},
	{"a block cut", raw("000003 01 04 00000001 88 40 01"), "upstream sent truncated http2 header"},
	{"no index", raw("000001 01 04 00000001 80"), "upstream sent invalid http2 table index: 0"},
	{"an index behind the table", raw("000001 01 04 00000001 be"), "upstream sent invalid http2 table index: 62"},
	{"an index without end", raw("000006 01 04 00000001 ff ffffffffff"), "upstream sent invalid http2 table index: 127"},
	{"an index of a name behind the table", raw("000002 01 04 00000001 7e 00"), "upstream sent invalid http2 table index: 62"},
	{"an index of a name without end", raw("000006 01 04 00000001 7f ffffffffff"), "upstream sent invalid http2 table index: 63"},
	{"a small index without end", raw("000006 01 04 00000001 0f ffffffffff"), "upstream sent http2 table index with continuation flag"},
	{"a table size", raw("000001 01 04 00000001 21"), "upstream sent invalid http2 dynamic table size update: 1"},
	{"a table size without end", raw("000006 01 04 00000001 3f ffffffffff"), "upstream sent invalid http2 dynamic table size update: 31"},
	{"an empty name", raw("000003 01 04 00000001 88 00 00"), "upstream sent zero http2 header name length"},
	{"a long name", raw("000005 01 04 00000001 88 00 7f 8220"), "upstream sent too large http2 header name length: 4225"},
	{"a very long name", raw("000007 01 04 00000001 88 00 7f ffffff7f"), "upstream sent too large http2 header name length"},
	{"a long value", raw("000006 01 04 00000001 88 0f09 7f 8220"), "upstream sent too large http2 header value length: 4225"},
	{"a long encoded value", raw("000006 01 04 00000001 88 0f09 ff 9213"), "upstream sent too large http2 header value length: 4123"},
	{"a value without end", raw("000008 01 04 00000001 88 0f09 7f ffffffff"), "upstream sent too large http2 header value length"},
	{"a code that is none", raw("000005 01 04 00000001 88 0f09 81 00"), "upstream sent invalid encoded header"},
	{"capitals", raw("000005 01 04 00000001 88 00 0141 00"), `upstream sent invalid header: "A: "`},
	{"a colon in a name", raw("000006 01 04 00000001 88 00 02613a 00"), `upstream sent invalid header: "a:: "`},
	{"a space in a name", raw("000006 01 04 00000001 88 00 026120 00"), `upstream sent invalid header: "a : "`},
	{"a line end in a value", raw("000007 01 04 00000001 88 00 0161 020a62"), "upstream sent invalid header: \"a: \nb\""},
}

// headTrouble comes before the header of a response.
var headTrouble = []struct {
	name  string
	bytes []byte
	want  string
}{
	{"DATA", raw("000000 00 00 00000001"), "upstream sent unexpected http2 frame: 0"},
	{"an empty block", raw("000000 01 04 00000001"), "upstream sent no :status header"},
	{"no status", frames(func(w *http2.Framer) { headers(w, 1, false, "a: b") }), "upstream sent no :status header"},
	{"two", frames(func(w *http2.Framer) { headers(w, 1, false, ":status: 200", ":status: 200") }), "upstream sent duplicate :status header"},
	{"two digits", frames(func(w *http2.Framer) { headers(w, 1, false, ":status: 20") }), `upstream sent invalid :status "20"`},
	{"no digits", frames(func(w *http2.Framer) { headers(w, 1, false, ":status: 20x") }), `upstream sent invalid :status "20x"`},
	{"100", frames(func(w *http2.Framer) { headers(w, 1, false, ":status: 100") }), `upstream sent unexpected :status "100"`},
	{"a path", frames(func(w *http2.Framer) { headers(w, 1, false, ":path: /") }), `upstream sent invalid header ":path: /"`},
	{"hints alone", frames(func(w *http2.Framer) { headers(w, 1, true, ":status: 103") }), "upstream prematurely closed stream"},
	{
		"two lengths", frames(func(w *http2.Framer) { headers(w, 1, false, ":status: 200", "content-length: 1", "content-length: 1") }),
		`upstream sent duplicate header line: "content-length: 1", previous value: "content-length: 1"`,
	},
	{
		"two long texts", frames(func(w *http2.Framer) {
			headers(w, 1, false, ":status: 200", strings.Repeat("a", 3000)+": "+strings.Repeat("a", 2000))
		}), "upstream sent too large http2 header",
	},
	{"a long header", raw("001389 01 04 00000001" + strings.Repeat("20", 5000) + "88"), "upstream sent too big header"},
}

// bodyTrouble comes behind the header of a response with a Content-Length of 5.
var bodyTrouble = []struct {
	name  string
	bytes []byte
	want  string
}{
	{"DATA of another stream", raw("000000 00 01 00000003"), "upstream sent data frame for unknown stream 3"},
	{"short padding", raw("000000 00 09 00000001"), "upstream sent too short http2 frame"},
	{"much padding", raw("000002 00 09 00000001 02 61"), "upstream sent http2 frame with too long padding: 2 in frame 1"},
	{"an end", raw("000002 00 01 00000001 6161"), "upstream prematurely closed stream"},
	{"too much", raw("000006 00 01 00000001 616161616161"), "upstream sent response body larger than indicated content length"},
	{"too much in the end", raw("000005 00 00 00000001 6161616161 000001 00 01 00000001 61"), "upstream sent response body larger than indicated content length"},
	{"a trailer that is none", raw("000001 01 05 00000001 88"), `upstream sent invalid trailer ":status: 200"`},
	{
		"two long texts", frames(func(w *http2.Framer) { headers(w, 1, true, strings.Repeat("a", 3000)+": "+strings.Repeat("a", 2000)) }),
		"upstream sent too large http2 header",
	},
	{"a trailer without end", raw("000004 01 04 00000001 00 0161 00"), "upstream sent trailer without end stream flag"},
	{"something behind the end", raw("000005 00 01 00000001 6161616161 000004 01 05 00000001 00 0161 00"), "upstream sent frame for closed stream 1"},
	{"two ends", raw("000005 00 01 00000001 6161616161 000004 03 00 00000001 00000000 000004 03 00 00000001 00000000"), "upstream sent frame for closed stream 1"},
	{"an error behind the end", raw("000005 00 01 00000001 6161616161 000004 03 00 00000001 00000001"), "upstream rejected request with error 1"},
}

// behind makes trouble with a header block one with a block of trailers, which have no :status.
func behind(head, trouble []byte) []byte {
	b := append(head[:len(head):len(head)], trouble...)
	if at := len(head) + 9; len(trouble) > 9 && trouble[3] == byte(http2.FrameHeaders) && b[at] == 0x88 {
		b[at] = 0x90 // accept-encoding
	}
	return b
}

// TestTrouble: what a peer must not send ends the response, and is logged in nginx's words.
func TestTrouble(t *testing.T) {
	head := frames(func(w *http2.Framer) { headers(w, 1, false, ":status: 200", "content-length: 5") })
	for _, buffering := range []bool{true, false} {
		check := func(name, where string, bytes []byte, want string, status int) {
			t.Run(where+" "+name, func(t *testing.T) {
				addr := peer(t, func(_ int, c *conn) {
					c.request()
					_, _ = c.net.Write(bytes)
				})
				s := serve(t, "server "+addr+";", func(s *pass.Settings) { s.Buffering = buffering })
				resp := s.Do("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
				if resp.Status != status && (status == 502 || resp.Status != 0) { // what is broken off may not have begun
					t.Errorf("status %d", resp.Status)
				}
				if !strings.Contains(s.Log(), "[error] ") || !strings.Contains(s.Log(), " "+want+" while ") {
					t.Errorf("want %q\n%s", want, s.Log())
				}
			})
		}
		for _, tc := range trouble {
			check(tc.name, "head", tc.bytes, tc.want, 502)
			check(tc.name, "body", behind(head, tc.bytes), tc.want, 200)
		}
		for _, tc := range headTrouble {
			check(tc.name, "head", tc.bytes, tc.want, 502)
		}
		for _, tc := range bodyTrouble {
			check(tc.name, "body", append(head[:len(head):len(head)], tc.bytes...), tc.want, 200)
		}
	}
}

// TestTruncated: a response that is cut at any byte is never taken for a complete one.
func TestTruncated(t *testing.T) {
	whole := frames(func(w *http2.Framer) {
		_ = w.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 100})
		_ = w.WritePing(false, [8]byte{1})
		_ = w.WriteWindowUpdate(0, 1)
		_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0x88, 0x40, 1, 'a'}, PadLength: 2})
		_ = w.WriteContinuation(1, true, []byte{1, 'b'})
		_ = w.WriteDataPadded(1, false, []byte("hello"), make([]byte, 3))
		headers(w, 1, true, "x-trailer: value")
	})
	addr := peer(t, func(n int, c *conn) {
		c.request()
		_, _ = c.net.Write(whole[:n])
		if n < len(whole) {
			_ = c.net.Close()
		}
	})
	s := serve(t, "server "+addr+" max_fails=0;", nil)
	for n := range len(whole) + 1 {
		c := s.Dial()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		all, _ := io.ReadAll(c)
		_ = c.Close()
		complete := strings.HasSuffix(string(all), "\r\n0\r\nx-trailer: value\r\n\r\n")
		if complete != (n == len(whole)) || !strings.HasPrefix(string(all), "HTTP/1.1 ") {
			t.Errorf("cut at %d of %d: %q", n, len(whole), all)
		}
		if strings.Contains(string(all), " 200 ") && (n < len(whole)-40 || !strings.Contains(string(all), "\r\na: b\r\n")) && n < 60 {
			t.Errorf("cut at %d: %q", n, all)
		}
	}
}
