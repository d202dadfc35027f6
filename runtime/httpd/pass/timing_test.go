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

type peers = []func(p *fronttest.Peer)

const second = time.Second

// get is a step that requests a page.
func get(at time.Duration) httptest.Step {
	return httptest.Step{At: at, Send: "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"}
}

// post is a step that begins a request with a body, of which the first part comes with it.
func post(at time.Duration, length int, part string) httptest.Step {
	return httptest.Step{At: at, Send: fmt.Sprintf("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", length, part)}
}

// short has no two times alike.
func short(s *pass.Settings) { s.ConnectTimeout, s.SendTimeout, s.ReadTimeout = 2000, 4000, 3000 }

func with(sets ...func(*pass.Settings)) func(*pass.Settings) {
	return func(s *pass.Settings) {
		for _, set := range sets {
			set(s)
		}
	}
}

func unbuffered(s *pass.Settings)   { s.Buffering = false }
func streamed(s *pass.Settings)     { s.RequestBuffering = false }
func nextWithin4s(s *pass.Settings) { s.NextTimeout = 4000 }
func nextOff(s *pass.Settings)      { s.Next.V = int(pass.FailOff) }
func fine(p *fronttest.Peer)        { answers(piece{0, "200 4\nfine"})(p) }
func leaves(c *fronttest.Client)    { _ = c.CloseWrite() }
func does(at time.Duration, fn func(*fronttest.Client)) httptest.Step {
	return httptest.Step{At: at, Do: fn}
}

// TestTimeouts: how long each part of an exchange may take, and that the next peer is asked then.
func TestTimeouts(t *testing.T) {
	get := []httptest.Step{get(0)}
	for _, tc := range []passing{
		{name: "connect", peers: peers{takes(time.Hour), fine}, steps: get, want: `2s 200 "fine"; 3s closed`, logs: "upstream timed out (110: Connection timed out) while connecting to upstream, client: 192.0.2.7"},
		{name: "connect, in time", peers: peers{func(p *fronttest.Peer) { fine(p); p.Takes = 1900 * time.Millisecond }}, steps: get, want: `1.9s 200 "fine"; 2.9s closed`},
		{name: "connect, both", peers: peers{takes(time.Hour), takes(time.Hour)}, steps: get, want: `4s 504; 5s closed`, logs: `upstream: "toy://192.0.2.12:80/x"`},
		{name: "refused", peers: peers{refuses, fine}, steps: get, want: `0s 200 "fine"; 1s closed`, logs: "connect() failed (111: Connection refused) while connecting to upstream"},
		{name: "refused, both", peers: peers{refuses, refuses}, steps: get, want: `0s 502; 1s closed`, logs: "Connection refused"},
		{name: "no answer", peers: peers{silent, fine}, steps: get, want: `3s 200 "fine"; 4s closed`, logs: "upstream timed out (110: Connection timed out) while reading response header from upstream"},
		{name: "no answer, off", set: nextOff, peers: peers{silent, fine}, steps: get, want: `3s 504; 4s closed`, logs: "upstream timed out"},
		{name: "a header in parts", peers: peers{answers(piece{second, "20"}, piece{2 * second, "0 4"}, piece{2900 * time.Millisecond, "\nfine"})}, steps: get, want: `2.9s 200 "fine"; 3.9s closed`},
		{
			name: "a header that takes too long", peers: peers{answers(piece{second, "20"}, piece{2 * second, "0 4"}, piece{3100 * time.Millisecond, "\nfine"}), fine}, steps: get,
			want: `3s 200 "fine"; 4s closed`, logs: "upstream timed out",
		},
		{
			name: "a body in parts", peers: peers{answers(piece{0, "200 3\na"}, piece{2900 * time.Millisecond, "b"}, piece{5800 * time.Millisecond, "c"})}, steps: get,
			want: `5.8s 200 "abc"; 6.8s closed`,
		},
		{
			name: "a body that stops", peers: peers{answers(piece{0, "200 3\na"}, piece{2900 * time.Millisecond, "b"}, piece{9 * second, "c"})}, steps: get,
			want: `5.9s 200; 5.9s closed`, logs: "upstream timed out (110: Connection timed out) while reading upstream",
		},
		{name: "all", set: nextWithin4s, peers: peers{silent, silent, fine}, steps: get, want: `6s 504; 7s closed`, logs: "upstream timed out"},
		{name: "all, in time", set: nextWithin4s, peers: peers{silent, fine, silent}, steps: get, want: `3s 200 "fine"; 4s closed`, logs: "upstream timed out"},
	} {
		set := tc.set
		if set == nil {
			set = func(*pass.Settings) {}
		}
		tc.set = with(short, set)
		t.Run(tc.name, tc.play)
	}
}

// TestSendTimeout: *_send_timeout is between two successful writes.
func TestSendTimeout(t *testing.T) {
	body := strings.Repeat("x", 3*fronttest.Room)
	slowly := func(p *fronttest.Peer) { // takes a part in three seconds
		p.Accept = func(_ int, c *fronttest.Client) {
			for range 3 {
				time.Sleep(3 * second)
				_, _ = io.ReadFull(c, make([]byte, fronttest.Room))
			}
			c.Send("200 4\nslow")
		}
	}
	for _, tc := range []passing{
		{name: "takes nothing", peers: peers{deaf}, want: `4s 504; 5s closed`, logs: "upstream timed out (110: Connection timed out) while sending request to upstream"},
		{name: "slow", peers: peers{slowly}, want: `9s 200 "slow"; 10s closed`, logs: "buffered to a temporary file"},
	} {
		tc.set = func(s *pass.Settings) { s.SendTimeout, s.ReadTimeout = 4000, 5000 }
		tc.steps = []httptest.Step{post(0, len(body), body)}
		t.Run(tc.name, tc.play)
	}
}

// TestPieces: a response that is not buffered goes on to the client as it comes.
func TestPieces(t *testing.T) {
	pieces := answers(piece{second, "200 3\n"}, piece{2 * second, "a"}, piece{2500 * time.Millisecond, "b"}, piece{4 * second, "c"})
	toTheEnd := answers(piece{second, "200 -1\na"}, piece{2 * second, "b"})
	for _, tc := range []passing{
		{name: "unbuffered", set: unbuffered, peers: peers{pieces}, want: `1s 200; 2s "a"; 2.5s "b"; 4s "c"; 5s closed`},
		{name: "buffered", peers: peers{pieces}, want: `4s 200 "abc"; 5s closed`},
		{name: "unbuffered, to the end", set: unbuffered, peers: peers{toTheEnd}, want: `1s 200 "1\r\na\r\n"; 2s "1\r\nb\r\n0\r\n\r\n"; 3s closed`},
		{name: "limited", set: func(s *pass.Settings) {}, peers: peers{toTheEnd}, want: `2s 200 "2\r\nab\r\n0\r\n\r\n"; 3s closed`},
	} {
		tc.steps = []httptest.Step{get(0)}
		t.Run(tc.name, tc.play)
	}
}

// TestUpload: what a peer gets of a body that is passed on as it comes, and that its answer counts before it has all.
func TestUpload(t *testing.T) {
	notes := func(p *fronttest.Peer) { // answers with what it got, and when
		p.Accept = func(_ int, c *fronttest.Client) {
			began, got, all := time.Now(), "", 0
			for all < len("POST /x\n12345") {
				b := make([]byte, 100)
				n, err := c.Read(b)
				if err != nil {
					return
				}
				all += n
				got += fmt.Sprintf("%v %q ", time.Since(began), b[:n])
			}
			c.Send(fmt.Sprintf("200 %d\n%s", len(got), got))
		}
	}
	early := answers(piece{second, "403 2\nno"})
	for _, tc := range []passing{
		{
			name: "as it comes", set: streamed, peers: peers{notes}, steps: []httptest.Step{post(0, 5, "1"), {At: second, Send: "23"}, {At: 3 * second, Send: "45"}},
			want: `3s 200 "0s \"POST /x\\n1\" 1s \"23\" 3s \"45\" "; 4s closed`,
		},
		{
			name: "buffered", peers: peers{notes}, steps: []httptest.Step{post(0, 5, "1"), {At: second, Send: "23"}, {At: 3 * second, Send: "45"}},
			want: `3s 200 "0s \"POST /x\\n12345\" "; 4s closed`,
		},
		{
			name: "an early answer", set: streamed, peers: peers{early}, steps: []httptest.Step{post(0, 5, "1"), {At: 2 * second, Send: "2"}, {At: 3 * second, Send: "345"}},
			want: `1s 403 "no"; 1s closed`,
		},
		{
			name: "an early answer to what does not fit", peers: peers{early}, steps: []httptest.Step{post(0, 3*fronttest.Room, strings.Repeat("x", 3*fronttest.Room))},
			want: `1s 403 "no"; 2s closed`, logs: "buffered to a temporary file",
		},
		{
			name: "the client leaves", set: streamed, peers: peers{silent}, steps: []httptest.Step{post(0, 5, "1"), does(2*second, leaves)},
			want: `2s closed`, logs: "client prematurely closed connection",
		},
	} {
		t.Run(tc.name, tc.play)
	}
}

// TestKept: a kept connection that the peer has closed is not used, and one that it closes when it gets a request is
// replaced by a new one.
func TestKept(t *testing.T) {
	serves := func(closes func(n, request int) bool) func(p *fronttest.Peer) {
		return func(p *fronttest.Peer) {
			p.Accept = func(n int, c *fronttest.Client) {
				in := bufio.NewReader(c)
				for request := 1; ; request++ {
					if _, err := in.ReadString('\n'); err != nil || closes(n, request) {
						return
					}
					c.Send(fmt.Sprintf("200 3\n%d %d", n, request))
				}
			}
		}
	}
	idle := func(p *fronttest.Peer) { // closes a connection that was idle for half a second
		p.Accept = func(n int, c *fronttest.Client) {
			for request := 1; ; request++ {
				_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
				if _, err := c.Read(make([]byte, 100)); err != nil {
					return
				}
				c.Send(fmt.Sprintf("200 3\n%d %d", n, request))
			}
		}
	}
	two := []httptest.Step{get(0), get(900 * time.Millisecond)}
	for _, tc := range []passing{
		{name: "kept", peers: peers{serves(func(int, int) bool { return false })}, steps: two, want: `0s 200 "1 1"; 900ms 200 "1 2"; 1.9s closed`},
		{name: "too old", conf: "keepalive_timeout 800ms;", peers: peers{serves(func(int, int) bool { return false })}, steps: two, want: `0s 200 "1 1"; 900ms 200 "2 1"; 1.9s closed`},
		{name: "closed while idle", peers: peers{idle}, steps: two, want: `0s 200 "1 1"; 900ms 200 "2 1"; 1.9s closed`},
		{name: "closed when used", peers: peers{serves(func(n, request int) bool { return n == 1 && request == 2 })}, steps: two, want: `0s 200 "1 1"; 900ms 200 "2 1"; 1.9s closed`, logs: "upstream prematurely closed connection"},
		{name: "closed when new", peers: peers{serves(func(int, int) bool { return true })}, steps: two[:1], want: `0s 502; 1s closed`, logs: "upstream prematurely closed connection"},
	} {
		tc.conf += " keepalive 4;"
		t.Run(tc.name, tc.play)
	}
}

// TestClientLeaves: an exchange ends when its client leaves, whatever it waits for, and the peer finds that at once.
func TestClientLeaves(t *testing.T) {
	var left time.Duration
	waits := func(p *fronttest.Peer) {
		p.Accept = func(_ int, c *fronttest.Client) {
			began := time.Now()
			_, _ = io.Copy(io.Discard, c)
			left = time.Since(began)
		}
	}
	const logged = "reported that client prematurely closed connection, so upstream connection is closed too while "
	for _, tc := range []passing{
		{name: "while it answers", peers: peers{waits}, logs: logged + "sending request to upstream"},
		{name: "while it connects", peers: peers{func(p *fronttest.Peer) { waits(p); p.Takes = 50 * second }}, logs: logged + "connecting to upstream"},
		{name: "between two peers", set: short, peers: peers{takes(time.Hour), waits}, logs: logged},
	} {
		tc.steps = []httptest.Step{get(0), does(2500*time.Millisecond, leaves)}
		tc.want = "2.5s closed"
		t.Run(tc.name, func(t *testing.T) {
			left = 0
			tc.play(t)
			if want := map[string]time.Duration{"while it answers": 2500 * time.Millisecond, "between two peers": 500 * time.Millisecond}[tc.name]; left != want {
				t.Errorf("the peer saw the end after %v, want %v", left, want)
			}
		})
	}
}
