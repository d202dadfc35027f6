package limits

import (
	"bytes"
	"io"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// h2Frame is a frame of HTTP/2.
func h2Frame(t http2.FrameType, flags http2.Flags, stream byte, payload string) string {
	n := len(payload)
	return string([]byte{byte(n >> 16), byte(n >> 8), byte(n), byte(t), byte(flags), 0, 0, 0, stream}) + payload
}

var (
	h2Head  = h2Frame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 1, "\x88")
	h2Hints = h2Frame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, 1, "\x08\x03103\x00\x04link\x01a")
	h2Ping  = h2Frame(http2.FramePing, 0, 0, "12345678")
)

// h2Faults are those of an application of HTTP/2 that sends without an end. It does not read what is answered.
var h2Faults = []fault{
	{name: "is silent", do: func(a *appConn) { _, _ = io.Copy(io.Discard, a) }, status: 504, slow: true},
	{name: "sends pings for ever", do: func(a *appConn) { flood(a, h2Ping) }, status: 502},
	{name: "sends settings for ever", do: func(a *appConn) { flood(a, h2Frame(http2.FrameSettings, 0, 0, "")) }, status: 502},
	{name: "sends windows for ever", do: func(a *appConn) { flood(a, h2Frame(http2.FrameWindowUpdate, 0, 0, "\x00\x00\x00\x01")) }, status: 502},
	{name: "sends unknown frames for ever", do: func(a *appConn) { flood(a, h2Frame(0xbe, 0, 0, strings.Repeat("x", 16384))) }, status: 502},
	{name: "sends early hints for ever", do: func(a *appConn) { forever(a, h2Hints) }, status: 504, slow: true},
	{name: "sends a header without an end", do: func(a *appConn) {
		a.say("%s", h2Frame(http2.FrameHeaders, 0, 1, "\x88"))
		flood(a, h2Frame(http2.FrameContinuation, 0, 1, ""))
	}, status: 502},
	{name: "sends fields for ever", do: func(a *appConn) {
		a.say("%s", h2Frame(http2.FrameHeaders, 0, 1, "\x88"))
		flood(a, h2Frame(http2.FrameContinuation, 0, 1, "\x00\x01a\x01b"))
	}, status: 502},
	{name: "sends pings in the body for ever", do: func(a *appConn) { h2Begin(a); flood(a, h2Ping) }, status: 200, cut: true},
	{name: "sends data of a byte", do: func(a *appConn) { a.say("%s", h2Head); flood(a, h2Frame(http2.FrameData, 0, 1, "b")) }, status: 200, cut: true},
	{name: "sends data of padding", do: func(a *appConn) {
		a.say("%s", h2Head)
		flood(a, h2Frame(http2.FrameData, http2.FlagDataPadded, 1, "\xff"+strings.Repeat("\x00", 255)))
	}, status: 200, cut: true},
	{name: "sends trailers for ever", do: func(a *appConn) {
		h2Begin(a)
		a.say("%s", h2Frame(http2.FrameHeaders, 0, 1, ""))
		flood(a, h2Frame(http2.FrameContinuation, 0, 1, "\x00\x01a\x01b"))
	}, status: 200, cut: true},
}

// h2Begin begins a response, which the client sees.
func h2Begin(a *appConn) {
	a.say("%s", h2Head+h2Frame(http2.FrameData, 0, 1, strings.Repeat("body", 2000)))
	harness.AwaitTaken(a.Conn)
	a.pause(50 * time.Millisecond)
}

// readH2 reads a request without a body.
func readH2(in io.Reader) (*harness.GatewayRequest, error) {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(in, preface); err != nil {
		return nil, err
	}
	frames := http2.NewFramer(io.Discard, in)
	for {
		f, err := frames.ReadFrame()
		if err != nil {
			return nil, err
		}
		if h, ok := f.(*http2.HeadersFrame); ok {
			var text bytes.Buffer
			dec := hpack.NewDecoder(4096, func(f hpack.HeaderField) { text.WriteString(f.String() + "\n") })
			_, err := dec.Write(h.HeaderBlockFragment())
			return &harness.GatewayRequest{Text: text.String()}, err
		}
	}
}
