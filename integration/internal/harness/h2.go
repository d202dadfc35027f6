package harness

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// serveH2 answers requests of HTTP/2, each once it is complete. A reply has a line for each frame, behind SETTINGS:
//
//	headers [end] NAME: VALUE | NAME: VALUE …     HEADERS, with END_STREAM
//	data [end] TEXT                               DATA; padded TEXT has padding
//	raw HEX                                       bytes; STREAM stands for the number of the stream
//	close                                         behind all others: the connection ends. Else it is kept
//	%%PAUSE_N%%
//
// An echo is the fields of the request, the pseudo-header fields first and those that differ by nature left out, and its body.
func (u *Upstream) serveH2(c net.Conn) {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(c, preface); err != nil || string(preface) != http2.ClientPreface {
		return
	}
	in := http2.NewFramer(c, c)
	_ = in.WriteSettings()
	_ = in.WriteSettingsAck()
	for {
		q, err := readH2(in)
		if err != nil {
			return
		}
		r, ok := u.replies[q.path]
		if ok && r.fails(c, c) {
			return
		}
		text := u.subst(r.text)
		if !ok || r.echo {
			text = "headers :status: 200 | content-type: text/plain\ndata end " + strings.ReplaceAll(q.text, "\n", `\n`)
		}
		text, closes := strings.CutSuffix(text, "close\n")
		if !send(c, framesOf(text, q.stream)) {
			return
		}
		if closes { // what has not been read would reset the connection
			_ = c.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, c)
			return
		}
	}
}

// h2Request is a request of HTTP/2.
type h2Request struct {
	stream     uint32
	path, text string
}

// readH2 reads a request, and gives the client room for its body.
func readH2(in *http2.Framer) (*h2Request, error) {
	q := &h2Request{}
	var fields []string
	dec := hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		if f.Name == ":path" {
			q.path, _, _ = strings.Cut(f.Value, "?")
		}
		fields = append(fields, f.Name+": "+f.Value)
	})
	var body bytes.Buffer
	for {
		f, err := in.ReadFrame()
		if err != nil {
			return nil, err
		}
		end := false
		switch f := f.(type) {
		case *http2.HeadersFrame:
			q.stream, end = f.StreamID, f.StreamEnded()
			_, err = dec.Write(f.HeaderBlockFragment())
		case *http2.ContinuationFrame:
			_, err = dec.Write(f.HeaderBlockFragment())
		case *http2.DataFrame:
			end = f.StreamEnded()
			body.Write(f.Data())
			if n := uint32(len(f.Data())); n > 0 && !end {
				_ = in.WriteWindowUpdate(0, n)
				_ = in.WriteWindowUpdate(f.StreamID, n)
			}
		}
		if err != nil {
			return nil, err
		}
		if end {
			slices.SortStableFunc(fields, func(a, b string) int { return pseudo(a) - pseudo(b) })
			q.text = strings.Join(fields, "\n") + "\n\n" + body.String()
			return q, nil
		}
	}
}

// pseudo is 0 for a pseudo-header field.
func pseudo(field string) int {
	if strings.HasPrefix(field, ":") {
		return 0
	}
	return 1
}

// framesOf makes the frames of a reply.
func framesOf(text string, stream uint32) []byte {
	var out bytes.Buffer
	w := http2.NewFramer(&out, nil)
	w.AllowIllegalWrites = true
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		rest, end := strings.CutPrefix(rest, "end")
		rest = strings.TrimPrefix(rest, " ")
		body := []byte(strings.ReplaceAll(rest, `\n`, "\n"))
		switch word {
		case "headers":
			var block bytes.Buffer
			enc := hpack.NewEncoder(&block)
			enc.SetMaxDynamicTableSizeLimit(0)
			for f := range strings.SplitSeq(rest, " | ") {
				if i := strings.Index(f[min(1, len(f)):], ": "); i >= 0 {
					_ = enc.WriteField(hpack.HeaderField{Name: f[:i+1], Value: f[i+3:]})
				}
			}
			_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: end})
		case "data":
			for len(body) > 16384 {
				_ = w.WriteData(stream, false, body[:16384])
				body = body[16384:]
			}
			_ = w.WriteData(stream, end, body)
		case "padded":
			_ = w.WriteDataPadded(stream, end, body, make([]byte, 7))
		case "raw":
			b, err := hex.DecodeString(strings.ReplaceAll(strings.ReplaceAll(rest, "STREAM", fmt.Sprintf("%08x", stream)), " ", ""))
			if err != nil {
				b = []byte(strconv.Quote(rest))
			}
			out.Write(b)
		default:
			out.WriteString(word) // a pause
		}
	}
	return out.Bytes()
}
