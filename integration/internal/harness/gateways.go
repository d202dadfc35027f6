package harness

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/wire/scgi"
	"github.com/sluiceproxy/sluice/runtime/wire/uwsgi"
)

// A GatewayRequest is a request of uwsgi, SCGI or memcached as an application received it.
type GatewayRequest struct {
	// Path is what the replies of a case are found by.
	Path string
	// Text is the request in lines, with its body behind an empty one.
	Text string
}

// serveUWSGI answers requests of uwsgi. A reply goes over the wire as it is; an echo is the list of the variables.
func (u *Upstream) serveUWSGI(c net.Conn) { u.serveGateway(c, ReadUWSGI, echoCGI) }

// serveSCGI is serveUWSGI for SCGI.
func (u *Upstream) serveSCGI(c net.Conn) { u.serveGateway(c, ReadSCGI, echoCGI) }

// serveMemcached answers the command get. A reply goes over the wire as it is; an echo is a value that repeats the command.
func (u *Upstream) serveMemcached(c net.Conn) { u.serveGateway(c, ReadMemcached, echoMemcached) }

func echoCGI(q *GatewayRequest) []byte { return []byte("Content-Type: text/plain\r\n\r\n" + q.Text) }

func echoMemcached(q *GatewayRequest) []byte {
	return fmt.Appendf(nil, "VALUE %s 0 %d\r\n%s\r\nEND\r\n", strings.TrimPrefix(q.Text, "get "), len(q.Text), q.Text)
}

func (u *Upstream) serveGateway(c net.Conn, read func(io.Reader) (*GatewayRequest, error), echo func(*GatewayRequest) []byte) {
	in := bufio.NewReader(c)
	for {
		q, err := read(in)
		if err != nil {
			return
		}
		r, ok := u.replies[q.Path]
		out := wire(u.subst(r.text))
		if !ok || r.echo {
			out = echo(q)
		} else if r.fails(c, in) {
			return
		}
		if !send(c, out) {
			return
		}
		if !r.goesOn(c, in) {
			return
		}
	}
}

// ReadUWSGI reads a request of uwsgi.
func ReadUWSGI(in io.Reader) (*GatewayRequest, error) {
	b := make([]byte, 4)
	if _, err := io.ReadFull(in, b); err != nil {
		return nil, err
	}
	b = append(b, make([]byte, int(b[1])+int(b[2])<<8)...)
	if _, err := io.ReadFull(in, b[4:]); err != nil {
		return nil, err
	}
	p, _, _ := uwsgi.Parse(b)
	v := vars{text: fmt.Sprintf("modifiers=%d,%d\n", p.Modifier1, p.Modifier2)}
	for {
		name, value, ok := p.Next()
		if !ok {
			break
		}
		v.add(name, value)
	}
	if len(p.Vars) > 0 {
		v.text += fmt.Sprintf("behind the variables: %q\n", p.Vars)
	}
	return v.request(in)
}

// ReadSCGI reads a request of SCGI.
func ReadSCGI(in io.Reader) (*GatewayRequest, error) {
	var b []byte
	for {
		c := make([]byte, 1)
		if _, err := io.ReadFull(in, c); err != nil {
			return nil, err
		}
		b = append(b, c...)
		headers, n, more := scgi.Parse(b)
		if n == 0 && !more {
			return nil, fmt.Errorf("not a request of SCGI: %q", b)
		}
		if n == 0 {
			continue
		}
		var v vars
		for ok := true; ok; {
			var name, value []byte
			if name, value, headers, ok = scgi.Next(headers); ok {
				v.add(name, value)
			}
		}
		return v.request(in)
	}
}

// vars collects the variables of a request.
type vars struct {
	text, path string
	length     int64
}

func (v *vars) add(name, value []byte) {
	v.text += fmt.Sprintf("%s=%s\n", name, value)
	switch string(name) {
	case "CONTENT_LENGTH":
		v.length, _ = strconv.ParseInt(string(value), 10, 64) // none is 0
	case "SCRIPT_NAME", "DOCUMENT_URI", "REQUEST_URI":
		if v.path == "" {
			v.path, _, _ = strings.Cut(string(value), "?")
		}
	}
}

// request reads the body, which is as long as CONTENT_LENGTH says.
func (v *vars) request(in io.Reader) (*GatewayRequest, error) {
	body := make([]byte, v.length)
	_, err := io.ReadFull(in, body)
	return &GatewayRequest{Path: v.path, Text: v.text + "\n" + string(body)}, err
}

// ReadMemcached reads a command of memcached; the path is the key.
func ReadMemcached(in io.Reader) (*GatewayRequest, error) {
	line := ""
	for !strings.HasSuffix(line, "\r\n") {
		c := make([]byte, 1)
		if _, err := io.ReadFull(in, c); err != nil {
			return nil, err
		}
		line += string(c)
	}
	line = strings.TrimSuffix(line, "\r\n")
	return &GatewayRequest{Path: strings.TrimPrefix(line, "get "), Text: line}, nil
}
