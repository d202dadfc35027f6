package faults

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// The rows know heads as text. h2Frames makes frames of them, all of stream 1: a connection serves one request.

// h2Head is a head as h2Frames takes it.
func h2Head(fields ...string) string {
	return h2Line + "\r\nContent-Type: text/plain\r\n" + lines(fields) + "\r\n"
}

const h2Line = "HTTP/2 200"

// h2Frames makes HEADERS of a head at the beginning of a text, and DATA of the rest. A head that is not complete is the beginning
// of a frame.
func h2Frames(text string) string {
	var out bytes.Buffer
	w := http2.NewFramer(&out, nil)
	if fields, ok := strings.CutPrefix(text, h2Line+"\r\n"); ok {
		head, body, whole := strings.Cut("\r\n"+fields, "\r\n\r\n")
		text = body
		b := h2Block(strings.TrimPrefix(head, "\r\n"))
		_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: b, EndHeaders: true})
		if !whole {
			cut := out.Bytes()
			cut[2] += 20
			return string(cut)
		}
	}
	for len(text) > 0 {
		n := min(len(text), 16384)
		_ = w.WriteData(1, false, []byte(text[:n]))
		text = text[n:]
	}
	return out.String()
}

// h2Block is the header block of lines.
func h2Block(fields string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	e.SetMaxDynamicTableSizeLimit(0)
	b.Reset()
	_ = e.WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
	for line := range strings.SplitSeq(fields, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if name != "" {
			_ = e.WriteField(hpack.HeaderField{Name: strings.ToLower(name), Value: strings.TrimSpace(value)})
		}
	}
	return b.Bytes()
}

// h2End ends stream 1.
const h2End = "\x00\x00\x00\x00\x01\x00\x00\x00\x01"

// readH2 reads a request of HTTP/2.
func readH2(in *bufio.Reader) (method, path string, leaves bool, err error) {
	if first, err := in.Peek(1); err == nil && first[0] == http2.ClientPreface[0] {
		if _, err := in.Discard(len(http2.ClientPreface)); err != nil {
			return "", "", false, err
		}
	}
	frames := http2.NewFramer(io.Discard, in)
	dec := hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		switch f.Name {
		case ":method":
			method = f.Value
		case ":path":
			path = f.Value
		}
	})
	for {
		f, err := frames.ReadFrame()
		if err != nil {
			return "", "", false, err
		}
		if h, ok := f.(*http2.HeadersFrame); ok {
			_, err = dec.Write(h.HeaderBlockFragment())
			return method, path, false, err
		}
	}
}

// h2Rows are of what HTTP/2 has besides.
var h2Rows = []row{
	{name: "trailers", play: func(p *peer) { p.head(); p.say("body"); p.raw(h2Headers(true, "X-T: u")) }},
	{name: "trailers-no-end", play: func(p *peer) { p.head(); p.say("body"); p.raw(h2Headers(false, "X-T: u")) }},
	{name: "trailers-closed", play: func(p *peer) { p.head(); p.say("body"); p.raw(h2Headers(true, "X-T: u")); p.close() }},
	{name: "rst-at-once", play: func(p *peer) { p.raw(h2Reset(7)) }},
	{name: "rst-no-error", play: func(p *peer) { p.raw(h2Reset(0)) }},
	{name: "rst-in-body", play: func(p *peer) { p.head(); p.say("body"); p.raw(h2Reset(8)) }},
	{name: "rst-behind-end", play: func(p *peer) { p.head(); p.say("body"); p.raw(h2End + h2Reset(0)) }},
	{name: "rst-behind-end-error", play: func(p *peer) { p.head(); p.say("body"); p.raw(h2End + h2Reset(8)) }},
	{name: "goaway-0", play: func(p *peer) { p.raw(h2GoAway(0)) }},
	{name: "goaway-1", play: func(p *peer) { p.raw(h2GoAway(1)); p.head(); p.say("body"); p.raw(h2End) }},
	{name: "goaway-in-body", play: func(p *peer) { p.head(); p.say("body"); p.raw(h2GoAway(0)) }},
	{name: "settings-many", play: func(p *peer) {
		p.raw(strings.Repeat("\x00\x00\x00\x04\x00\x00\x00\x00\x00", 200))
		p.head()
		p.say("body")
		p.raw(h2End)
	}},
	{name: "pings", play: func(p *peer) {
		p.raw(strings.Repeat("\x00\x00\x08\x06\x00\x00\x00\x00\x00abcdefgh", 100))
		p.head()
		p.say("body")
		p.raw(h2End)
	}},
	{name: "unknown-frames", play: func(p *peer) {
		p.raw(strings.Repeat("\x00\x03\xe8\xbe\xff\x00\x00\x00\x01"+strings.Repeat("z", 1000), 2))
		p.head()
		p.say("body")
		p.raw(h2End)
	}},
	{name: "headers-silent", play: func(p *peer) { p.raw("\x00\x00\x04\x01\x00\x00\x00\x00\x01\x88") }},
	{name: "no-continuation", play: func(p *peer) { p.raw("\x00\x00\x01\x01\x00\x00\x00\x00\x01\x88"); p.close() }},
	{name: "http1", play: func(p *peer) { p.raw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"); p.close() }},
	{name: "open-end", play: func(p *peer) { p.head(); p.say("body"); p.close() }},
	{name: "open-end-reset", play: func(p *peer) { p.head(); p.say("body"); p.reset() }},
	{name: "open-end-silent", play: func(p *peer) { p.head(); p.say("body") }},
	{name: "empty-end-silent", play: func(p *peer) { p.raw(h2Headers(true, ":status: 200")) }},
	{name: "type-twice", play: fields("Content-Type: text/html")},
	{name: "chunked", play: fields("Transfer-Encoding: chunked")},
	{name: "connection", play: fields("Connection: close", "Keep-Alive: a", "Upgrade: x")},
	{name: "length-and-chunked", play: fields("Content-Length: 4", "Transfer-Encoding: chunked")},
	{name: "length-twice", play: fields("Content-Length: 4", "Content-Length: 4")},
	{name: "accel", play: fields("X-Accel-Limit-Rate: none", "X-Accel-Buffering: no", "X-Accel-Expires: never")},
	{name: "fields-large", play: fields("X-Large: " + strings.Repeat("\x01", 5000))},
	{name: "fields-fit", play: fields("X-Large: "+strings.Repeat("x", 3000), "Content-Length: 4")},
}

// h2Headers is a HEADERS frame.
func h2Headers(end bool, fields ...string) string {
	var out, b bytes.Buffer
	e := hpack.NewEncoder(&b)
	e.SetMaxDynamicTableSizeLimit(0)
	b.Reset()
	for _, f := range fields {
		i := strings.LastIndex(f, ": ")
		_ = e.WriteField(hpack.HeaderField{Name: strings.ToLower(f[:i]), Value: f[i+2:]})
	}
	_ = http2.NewFramer(&out, nil).WriteHeaders(http2.HeadersFrameParam{
		StreamID: 1, BlockFragment: b.Bytes(), EndHeaders: true, EndStream: end,
	})
	return out.String()
}

func h2Reset(code byte) string {
	return "\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00" + string(rune(code))
}

func h2GoAway(last byte) string {
	return "\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00" + string(rune(last)) + "\x00\x00\x00\x00"
}
