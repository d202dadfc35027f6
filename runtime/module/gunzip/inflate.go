package gunzip

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// inflater is the body filter of one response.
//
// The decompressor pulls its input, while pieces of the body are pushed. So it
// runs as a coroutine: each call of next continues it until it has output or
// asks for more input. A coroutine is made for each body: a few small objects,
// beside a decompressor that is pooled.
type inflater struct {
	zr    *gzip.Reader
	br    *bufio.Reader
	in    []byte // of the piece at hand
	ended bool   // nothing follows it
	done  bool   // the body has been passed on, or broke off
	err   error  // why the decompressor ended, io.EOF at the end of the body

	out   *buf.Buf
	piece httpd.Out
	yield func(output []byte) bool
	next  func() (output []byte, more bool)
	stop  func()
}

// readAhead is the decompressor's input buffer; larger pieces go past it.
const readAhead = 4 << 10

var inflaters = sync.Pool{New: func() any { return newInflater() }}

func newInflater() *inflater {
	return &inflater{zr: new(gzip.Reader), br: bufio.NewReaderSize(nil, readAhead)}
}

// errStopped ends the decompressor of a response that was given up.
var errStopped = errors.New("gunzip: stopped")

// start prepares for a body; it is passed on in pieces of size bytes.
func (f *inflater) start(size int) {
	f.out = buf.Sized(size)
	f.next, f.stop = iter.Pull(f.run)
}

// Close implements httpd.BodyFilter.
func (f *inflater) Close(*httpd.Request) {
	f.stop()
	f.out.Free()
	f.br.Reset(nil)
	*f = inflater{zr: f.zr, br: f.br}
	inflaters.Put(f)
}

// run is the coroutine: it yields output, and nothing when it needs input.
func (f *inflater) run(yield func([]byte) bool) {
	f.yield = yield
	f.br.Reset((*source)(f))
	if f.err = f.zr.Reset(f.br); f.err != nil {
		if errors.Is(f.err, io.EOF) {
			f.err = io.ErrUnexpectedEOF
		}
		return
	}
	for f.err == nil {
		var n int
		n, f.err = f.zr.Read(f.out.B)
		if n > 0 && !yield(f.out.B[:n]) {
			f.err = errStopped
		}
	}
}

// source is the decompressor's input.
type source inflater

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	for len(s.in) == 0 {
		if s.ended {
			return 0, io.EOF
		}
		if !s.yield(nil) {
			return 0, errStopped
		}
	}
	n := copy(p, s.in)
	s.in = s.in[n:]
	return n, nil
}

// Filter implements httpd.BodyFilter.
func (f *inflater) Filter(r *httpd.Request, o *httpd.Out, next int) error {
	if f.done {
		return r.Next(next, o)
	}
	f.in, f.ended = o.Mem, o.Last
	for {
		output, more := f.next()
		if !more {
			return f.finish(r, o, next)
		}
		if output == nil {
			break
		}
		f.piece = httpd.Out{Mem: output, Recycled: true}
		if err := r.Next(next, &f.piece); err != nil {
			f.done = true
			return err
		}
	}
	if !o.Flush {
		return nil
	}
	f.piece = httpd.Out{Flush: true}
	return r.Next(next, &f.piece)
}

// What nginx logs of zlib: how inflate was called, and what it returned.
const (
	syncFlush = 2
	finish    = 4
	dataError = -3
	bufError  = -5
)

// finish ends the body when the decompressor has ended.
func (f *inflater) finish(r *httpd.Request, o *httpd.Out, next int) error {
	f.done = true
	switch {
	case errors.Is(f.err, io.EOF):
		f.piece = httpd.Out{Last: true, Flush: o.Flush}
		return r.Next(next, &f.piece)
	case errors.Is(f.err, io.ErrUnexpectedEOF):
		r.Errorf(nil, "inflate() returned %d on response end", bufError)
	default:
		how := 0
		if o.Last {
			how = finish
		} else if o.Flush {
			how = syncFlush
		}
		r.Errorf(nil, "inflate() failed: %d, %d", how, dataError)
	}
	return f.err
}
