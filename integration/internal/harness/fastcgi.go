package harness

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
)

// The types of FastCGI's records.
const (
	fcgiBegin  = 1
	fcgiEnd    = 3
	fcgiParams = 4
	fcgiStdin  = 5
	fcgiStdout = 6
	fcgiStderr = 7
)

// A FastCGIRequest is a request as an application received it.
type FastCGIRequest struct {
	// Keep is the flag by which the server asks to keep the connection.
	Keep bool
	// Params are name and value, in their order.
	Params [][2]string
	// Body is the standard input.
	Body string
}

// Param returns the value of a parameter, empty where there is none.
func (q *FastCGIRequest) Param(name string) string {
	for _, p := range q.Params {
		if p[0] == name {
			return p[1]
		}
	}
	return ""
}

// path is what the replies of a case are found by.
func (q *FastCGIRequest) path() string {
	for _, name := range []string{"SCRIPT_NAME", "DOCUMENT_URI", "REQUEST_URI"} {
		if v := q.Param(name); v != "" {
			v, _, _ = strings.Cut(v, "?")
			return v
		}
	}
	return ""
}

// String lists what came.
func (q *FastCGIRequest) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "keep=%t\n", q.Keep)
	for _, p := range q.Params {
		fmt.Fprintf(&b, "%s=%s\n", p[0], p[1])
	}
	return b.String() + "\n" + q.Body
}

// ReadFastCGI reads a request of a responder. Where its records are not those that FastCGI asks for, that is an error.
func ReadFastCGI(in io.Reader) (*FastCGIRequest, error) {
	q := &FastCGIRequest{}
	var params, body bytes.Buffer
	for began, named := false, false; ; {
		kind, content, err := readRecord(in)
		if err != nil {
			return nil, err
		}
		switch {
		case kind == fcgiBegin && !began && len(content) == 8 && content[1] == 1:
			q.Keep, began = content[2]&1 != 0, true
		case kind == fcgiParams && began && !named && len(content) > 0:
			params.Write(content)
		case kind == fcgiParams && began && !named:
			named = true
			if q.Params, err = readPairs(params.Bytes()); err != nil {
				return nil, err
			}
		case kind == fcgiStdin && named && len(content) > 0:
			body.Write(content)
		case kind == fcgiStdin && named:
			q.Body = body.String()
			return q, nil
		default:
			return nil, fmt.Errorf("record of type %d with %d bytes out of place", kind, len(content))
		}
	}
}

// readRecord reads a record of request 1.
func readRecord(in io.Reader) (kind byte, content []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, nil, err
	}
	if head[0] != 1 || binary.BigEndian.Uint16(head[2:]) != 1 {
		return 0, nil, fmt.Errorf("head of a record: % x", head)
	}
	length := int(binary.BigEndian.Uint16(head[4:]))
	content = make([]byte, length+int(head[6]))
	_, err = io.ReadFull(in, content)
	return head[1], content[:length], err
}

// readPairs reads parameters.
func readPairs(b []byte) (pairs [][2]string, err error) {
	length := func() int {
		switch {
		case len(b) > 0 && b[0] < 128:
			n := int(b[0])
			b = b[1:]
			return n
		case len(b) > 3:
			n := int(binary.BigEndian.Uint32(b) &^ (1 << 31))
			b = b[4:]
			return n
		}
		err = io.ErrUnexpectedEOF
		return 0
	}
	for len(b) > 0 {
		name := length()
		value := length()
		if err != nil || len(b) < name+value {
			return nil, io.ErrUnexpectedEOF
		}
		pairs = append(pairs, [2]string{string(b[:name]), string(b[name : name+value])})
		b = b[name+value:]
	}
	return pairs, nil
}

// FastCGIRecord returns a record of request 1 with padding to a multiple of eight bytes.
func FastCGIRecord(kind byte, content string) string {
	padding := -len(content) & 7
	b := []byte{1, kind, 0, 1, 0, 0, byte(padding), 0}
	binary.BigEndian.PutUint16(b[4:], uint16(len(content)))
	return string(b) + content + strings.Repeat("\x00", padding)
}

// FastCGIAnswer returns the records of a whole response.
func FastCGIAnswer(stdout string) string {
	const most = 32 << 10
	var b strings.Builder
	for ; len(stdout) > most; stdout = stdout[most:] {
		b.WriteString(FastCGIRecord(fcgiStdout, stdout[:most]))
	}
	b.WriteString(FastCGIRecord(fcgiStdout, stdout) + fastCGIEnd)
	return b.String()
}

// fastCGIEnd ends a response: no more standard output, and the request is complete.
var fastCGIEnd = FastCGIRecord(fcgiStdout, "") + FastCGIRecord(fcgiEnd, "\x00\x00\x00\x00\x00\x00\x00\x00")

// streamMark begins a record of another stream, or of the same.
var streamMark = regexp.MustCompile(`%%(STDOUT|STDERR|RAW|OPEN|PAUSE_[0-9]+)%%`)

// fastCGIReply makes records of the text of a reply, which is standard output and may have these in it:
//
//	%%STDOUT%% %%STDERR%%   what follows is in a record of this stream
//	%%RAW%%                 what follows goes over the wire as it is
//	%%OPEN%%                at the end: the response has no end
//	%%PAUSE_N%%             as for HTTP; the record ends before it
func fastCGIReply(text []byte) []byte {
	var out []byte
	kind, open := "STDOUT", false
	add := func(content string) {
		switch {
		case kind == "RAW":
			out = append(out, content...)
		case content == "":
		case kind == "STDERR":
			out = append(out, FastCGIRecord(fcgiStderr, content)...)
		default:
			out = append(out, FastCGIRecord(fcgiStdout, content)...)
		}
	}
	for {
		m := streamMark.FindSubmatchIndex(text)
		if m == nil {
			break
		}
		add(string(text[:m[0]]))
		switch word := string(text[m[2]:m[3]]); {
		case word == "OPEN":
			open = true
		case strings.HasPrefix(word, "PAUSE"):
			out = append(out, text[m[0]:m[1]]...)
		default:
			kind = word
		}
		text = text[m[1]:]
	}
	add(string(text))
	if !open {
		out = append(out, fastCGIEnd...)
	}
	return out
}

// serveFastCGI answers requests of FastCGI. An echo is the list of the parameters, with the body behind it.
func (u *Upstream) serveFastCGI(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		q, err := ReadFastCGI(in)
		if err != nil {
			return
		}
		r, ok := u.replies[q.path()]
		if !ok {
			r.echo = true
		}
		if r.fails(c, in) {
			return
		}
		out := fastCGIReply(wire(u.subst(r.text)))
		if r.echo {
			out = []byte(FastCGIAnswer("Content-Type: text/plain\r\n\r\n" + q.String()))
		}
		if !send(c, out) || !r.keep {
			return
		}
	}
}
