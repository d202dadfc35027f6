package fastcgi

import (
	"bytes"
	"errors"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/fcgi"
)

// call is one request on its way to a FastCGI application and back: the codec of its exchange. Pooled.
type call struct {
	pass.Exchange
	target *target
	parts  parts // of the path, for the variables

	records fcgi.Decoder
	header  pass.CGI
	stdout  bool  // standard output has begun
	held    int   // bytes of it at the beginning of what was not consumed: of a line of the header, then of the body
	over    bool  // it has ended: the end of the connection does not cut the response short
	rest    int64 // what is missing of Content-Length; -1: there is none
}

var calls = sync.Pool{New: func() any { return new(call) }}

func newCall(t *target) *call {
	c := calls.Get().(*call)
	c.target = t
	return c
}

// Release implements pass.Codec.
func (c *call) Release(*pass.Exchange) {
	c.target, c.parts = nil, parts{}
	calls.Put(c)
}

// Reset implements pass.Codec.
func (c *call) Reset(*pass.Exchange) {
	c.records = fcgi.Decoder{}
	c.header.Reset(false)
	c.stdout, c.held, c.over, c.rest = false, 0, false, -1
}

var errTooBig = errors.New("request record is too big")

// AppendRequest implements pass.Codec.
func (c *call) AppendRequest(x *pass.Exchange, dst []byte) ([]byte, error) {
	x.SetURI(0, 0)
	s := c.target.conf
	b, at := fcgi.BeginParams(fcgi.AppendBegin(dst, s.keep))
	b = s.params.Of(x).Append(b, x.R, s.PassHeaders)
	b, ok := fcgi.EndParams(b, at)
	if !ok {
		x.R.Logf(errlog.Alert, nil, "fastcgi request record is too big: %d", len(b)-at-fcgi.HeadSize)
		return b, errTooBig
	}
	return b, nil
}

// Lines returns the parameters of a request's head, in words.
func (*call) Lines(head []byte) []string {
	lines := []string{}
	rest := fcgi.ParamsOf(head)
	for {
		name, value, next, ok := fcgi.NextPair(rest)
		if !ok {
			return lines
		}
		lines = append(lines, string(name)+"="+string(value))
		rest = next
	}
}

// records is the framing of a request body.
type records struct{}

// Before implements pass.Framing.
func (records) Before(dst []byte, n int, _ bool) []byte { return fcgi.AppendHead(dst, fcgi.Stdin, n) }

// After implements pass.Framing.
func (records) After(dst []byte, n int) []byte { return fcgi.AppendPadding(dst, n) }

// End implements pass.Framing.
func (records) End(dst []byte) []byte { return fcgi.AppendHead(dst, fcgi.Stdin, 0) }

// Max implements pass.Framing.
func (records) Max() int { return fcgi.MaxPiece }

// ParseHeader implements pass.Codec. A line may go over the end of a record: what there is of it is moved up to where its
// rest begins, over heads, padding and standard error, which have been read.
//
// What comes before standard output takes no room in the buffer, wherever a read has cut it: the record that begins
// standard output is read once it is at the beginning of in. Its head counts for the size of the header, as in nginx.
func (c *call) ParseHeader(x *pass.Exchange, in []byte) (int, pass.Verdict) {
	line, at := 0, c.held // where the line at hand begins, and the records that were not read yet
	for {
		start, before := at, c.records
		data, n, st := c.records.Decode(in[at:])
		at += n
		switch st {
		case fcgi.More:
			if !c.stdout {
				if before.InHead() { // it is read again when it is whole
					c.records, at = before, start
				}
				return at, pass.HeaderUnused
			}
			from := at - c.held
			copy(in[from:], in[line:line+c.held])
			return from, pass.HeaderMore
		case fcgi.Head:
			if !c.mayBegin() {
				return line, pass.HeaderInvalid
			}
			if !c.stdout && c.records.Type == fcgi.Stdout && (start > 0 || at == len(in)) {
				c.records = before
				return start, pass.HeaderUnused
			}
		case fcgi.End:
		case fcgi.Content:
			if c.records.Type == fcgi.Stderr {
				if c.stderr(data, true) {
					return line, pass.HeaderInvalid
				}
				continue
			}
			c.stdout = true
			from := at - len(data) - c.held
			copy(in[from:], in[line:line+c.held])
			used, v := c.header.ParseHeader(x, in[from:at])
			line = from + used
			c.held = at - line
			if v != pass.HeaderMore {
				return line, v
			}
		default:
			c.wrong(st)
			return line, pass.HeaderInvalid
		}
	}
}

// mayBegin judges a record that begins in the header.
func (c *call) mayBegin() bool {
	switch {
	case c.records.Type == fcgi.EndRequest:
		c.R.Errorf(nil, "upstream sent unexpected FastCGI record: %d", fcgi.EndRequest)
		return false
	case c.records.Type == fcgi.Stdout && c.records.Left() == 0:
		c.R.Errorf(nil, "upstream prematurely closed FastCGI stdout")
		return false
	}
	return true
}

// wrong logs what is wrong with a record.
func (c *call) wrong(st fcgi.Status) {
	text := "upstream sent unsupported FastCGI protocol version: %d"
	switch st {
	case fcgi.BadType:
		text = "upstream sent invalid FastCGI record type: %d"
	case fcgi.BadIDHigh:
		text = "upstream sent unexpected FastCGI request id high byte: %d"
	case fcgi.BadIDLow:
		text = "upstream sent unexpected FastCGI request id low byte: %d"
	}
	c.R.Errorf(nil, text, c.records.Bad)
}

// stderr logs what the application says of itself. It reports whether that is to be taken for a failure, which matters
// only before the header is complete.
func (c *call) stderr(text []byte, inHeader bool) (caught bool) {
	n := len(text)
	for n > 1 && (text[n-1] == '\n' || text[n-1] == '\r' || text[n-1] == '.' || text[n-1] == ' ') {
		n--
	}
	c.R.Errorf(nil, `FastCGI sent in stderr: "%s"`, text[:n])
	if inHeader {
		for _, word := range c.target.conf.catch.Items {
			if bytes.Contains(text[:n], word) {
				return true
			}
		}
	}
	return false
}
