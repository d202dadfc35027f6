package harness

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Response is one response as it stood on the wire.
type Response struct {
	// Line is the status line without CR LF.
	Line string
	// Code is the status, 0 if the line has none.
	Code int
	// Header has the fields in order and in their own spelling.
	Header []Field
	// Body is decoded: chunked framing and gzip are taken off.
	Body []byte
	// Notes tell what was odd about the body: cut short, not gzip.
	Notes []string

	rawLen int // of the body, before gzip was taken off
	chunks int // it came in
	times  times
}

// A Field is one header field.
type Field struct{ Name, Value string }

// Get returns the value of the first field of that name, in any spelling.
func (r *Response) Get(name string) string {
	for _, f := range r.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

func (r *Response) interim() bool { return r.Code >= 100 && r.Code < 200 && r.Code != 101 }

// maxBody bounds what is kept of a body.
const maxBody = 64 << 20

// readResponse reads the response to a request with the given method. On an error the response has what came before it. With
// a watch, which r reads from, it has the times, too.
func readResponse(r *bufio.Reader, method string, watch *stopwatch) (*Response, error) {
	resp := &Response{times: times{watch: watch}}
	line, err := r.ReadString('\n')
	resp.Line = strings.TrimRight(line, "\r\n")
	if err != nil {
		return resp, err
	}
	if f := strings.Fields(resp.Line); len(f) > 1 {
		resp.Code, _ = strconv.Atoi(f[1])
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return resp, err
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ": ")
		if !ok {
			name, value, _ = strings.Cut(line, ":")
			resp.Notes = append(resp.Notes, "field without a space: "+name)
		}
		resp.Header = append(resp.Header, Field{name, value})
	}
	if watch != nil {
		resp.times.head = watch.tenths()
	}
	return resp, resp.readBody(r, method)
}

func (r *Response) readBody(in *bufio.Reader, method string) (err error) {
	switch {
	case method == "HEAD", r.Code/100 == 1, r.Code == 204, r.Code == 304:
		return nil
	case strings.EqualFold(r.Get("Transfer-Encoding"), "chunked"):
		err = r.readChunks(in)
	case r.Get("Content-Length") != "":
		n, _ := strconv.ParseInt(r.Get("Content-Length"), 10, 64)
		r.Body = r.times.read(in, min(n, maxBody))
		if int64(len(r.Body)) < n {
			r.Notes = append(r.Notes, fmt.Sprintf("body cut short, %d bytes of %d", len(r.Body), n))
			err = io.EOF
		}
	default:
		r.Body = r.times.read(in, maxBody)
		err = io.EOF
	}
	r.rawLen = len(r.Body)
	if r.Get("Content-Encoding") == "gzip" {
		r.gunzip()
	}
	return err
}

func (r *Response) readChunks(in *bufio.Reader) error {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			r.Notes = append(r.Notes, "chunked body cut short")
			return err
		}
		n, err := strconv.ParseInt(strings.TrimSpace(line), 16, 64)
		if err != nil || n > maxBody {
			r.Notes = append(r.Notes, fmt.Sprintf("bad chunk size %q", line))
			return errors.New("bad chunk")
		}
		if n == 0 {
			return r.readTrailer(in)
		}
		r.chunks++
		chunk := r.times.read(in, n)
		r.Body = append(r.Body, chunk...)
		end, err := in.ReadString('\n')
		if err != nil || strings.TrimRight(end, "\r\n") != "" || int64(len(chunk)) < n {
			r.Notes = append(r.Notes, "bad end of chunk")
			return io.EOF
		}
	}
}

func (r *Response) readTrailer(in *bufio.Reader) error {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			r.Notes = append(r.Notes, "trailer cut short")
			return err
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			return nil
		}
		r.Notes = append(r.Notes, "trailer "+line)
	}
}

// gunzip replaces the body by what it stands for; the two servers need not compress alike.
func (r *Response) gunzip() {
	z, err := gzip.NewReader(bytes.NewReader(r.Body))
	if err != nil {
		r.Notes = append(r.Notes, "not gzip")
		return
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxBody))
	if err != nil {
		r.Notes = append(r.Notes, "gzip cut short")
	}
	r.Body = plain
}
