package fastcgi

import (
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/wire/fcgi"
)

// BeginBody implements pass.Codec.
func (c *call) BeginBody(x *pass.Exchange) {
	c.rest = x.BodyLength()
	x.Length = -1
	c.expect(x)
	if c.waits() {
		x.Length = fcgi.HeadSize
	}
}

// waits reports whether the response goes on up to the record that ends it, and a read is for what is known to come. Else
// it may also end with the connection, and is passed on in full buffers.
func (c *call) waits() bool { return c.target.conf.keep && c.Buffering }

// Body implements pass.Codec.
func (c *call) Body(x *pass.Exchange, in []byte) (data []byte, n int, st pass.BodyStatus) {
	if c.held > 0 { // what came in one piece with the end of the header
		n = min(c.held, len(in))
		c.held -= n
		return c.content(x, in[:n], n)
	}
	for {
		data, used, st := c.records.Decode(in[n:])
		n += used
		switch st {
		case fcgi.More:
			c.expect(x)
			return nil, n, pass.BodyMore
		case fcgi.Head:
			if st := c.begins(x); st != pass.BodyMore {
				return nil, n, st
			}
		case fcgi.End:
			if c.records.Type == fcgi.EndRequest {
				x.Keepalive = c.target.conf.keep && n == len(in)
				return nil, len(in), pass.BodyDone
			}
		case fcgi.Content:
			switch c.records.Type {
			case fcgi.Stderr:
				c.stderr(data, false)
			case fcgi.Stdout:
				return c.content(x, data, n)
			}
		default:
			c.wrong(st)
			return nil, n, pass.BodyBroken
		}
	}
}

// expect notes what is to come next at the end of what was read.
func (c *call) expect(x *pass.Exchange) {
	x.Partial = !c.over && (c.rest > 0 || !c.records.Between())
	if c.waits() {
		x.Length = int64(c.records.Need())
	}
}

// begins judges a record that begins in the body. BodyMore: nothing is over.
func (c *call) begins(x *pass.Exchange) pass.BodyStatus {
	d := &c.records
	switch {
	case d.Type == fcgi.Stdout && d.Left() == 0 && c.Buffering:
		if c.rest > 0 {
			c.R.Errorf(nil, "upstream prematurely closed FastCGI stdout")
			return pass.BodyCut
		}
		c.over, x.Ended = true, !c.target.conf.keep
	case d.Type == fcgi.EndRequest:
		if c.rest > 0 {
			c.R.Errorf(nil, "upstream prematurely closed FastCGI request")
			return pass.BodyCut
		}
	}
	return pass.BodyMore
}

// content is standard output that ends at byte n of the input.
func (c *call) content(x *pass.Exchange, data []byte, n int) ([]byte, int, pass.BodyStatus) {
	switch {
	case c.rest < 0:
	case c.rest == 0, int64(len(data)) > c.rest:
		c.R.Logf(errlog.Warn, nil, `upstream sent more data than specified in "Content-Length" header`)
		data, c.rest = data[:c.rest], 0
		return data, n, pass.BodyDone
	default:
		c.rest -= int64(len(data))
	}
	c.expect(x)
	return data, n, pass.BodyData
}
