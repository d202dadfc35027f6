package gzip

import (
	"encoding/binary"
	"hash/crc32"
	"strconv"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// levels are the compressor's levels by gzip_comp_level; see doc.go.
var levels = [10]int{1: 4, 2: 5, 3: 5, 4: 6, 5: 6, 6: 7, 7: 8, 8: 8, 9: 9}

// writers and filters keep what is not in use, writers by gzip_comp_level.
var (
	writers [10]sync.Pool
	filters = sync.Pool{New: func() any { return new(filter) }}
)

// outSize is how much is gathered before it is passed on.
const outSize = 16 << 10

// streamSize is how much of a response that comes in over time is passed on
// at least: the size of one of nginx's gzip_buffers.
const streamSize = 4 << 10

// The parts of the gzip format (RFC 1952) around the deflated data.
const (
	trailerSize = 8
	osUnix      = 3 // in the header's last byte
)

// filter compresses the body of one response. It holds a writer from the first
// piece to the last.
type filter struct {
	level int
	w     *flate.Writer
	crc   uint32
	in    int64 // bytes read
	out   int64 // bytes made
	done  bool  // nothing more is taken

	finished bool // all of the response was compressed

	buf  *buf.Buf // made and not yet passed on: buf.B[:n]
	n    int
	r    *httpd.Request // of the call under way
	next int

	piece httpd.Out // handed on; here, so that it is not allocated
}

func newFilter(level int) *filter {
	f := filters.Get().(*filter)
	f.level = level
	return f
}

// Close gives the filter back.
func (f *filter) Close(*httpd.Request) {
	f.drop()
	*f = filter{}
	filters.Put(f)
}

// drop gives back what only the compression needs.
func (f *filter) drop() {
	if f.w != nil {
		writers[f.level].Put(f.w)
		f.w = nil
	}
	if f.buf != nil {
		f.buf.Free()
		f.buf = nil
	}
}

// Filter compresses one piece.
func (f *filter) Filter(r *httpd.Request, o *httpd.Out, next int) error {
	if f.done {
		return nil
	}
	f.r, f.next = r, next
	err := f.compress(o)
	f.r = nil
	if f.done || err != nil {
		f.done = true
		f.drop()
	}
	return err
}

func (f *filter) compress(o *httpd.Out) error {
	if f.w == nil {
		f.start()
	}
	if len(o.Mem) > 0 {
		f.crc = crc32.Update(f.crc, crc32.IEEETable, o.Mem)
		f.in += int64(len(o.Mem))
		if _, err := f.w.Write(o.Mem); err != nil {
			return err
		}
	}
	switch {
	case o.Last:
		return f.finish(o.Flush)
	case o.Flush:
		if err := f.w.Flush(); err != nil {
			return err
		}
		return f.pass(false, true)
	case o.Recycled && f.n >= streamSize:
		return f.pass(false, false)
	}
	return nil
}

// start takes a writer and writes the header.
func (f *filter) start() {
	w, ok := writers[f.level].Get().(*flate.Writer)
	if ok {
		w.Reset(f)
	} else {
		w, _ = flate.NewWriter(f, levels[f.level]) // fails for levels there are not
	}
	f.w = w
	f.buf = buf.Sized(outSize)
	speed := byte(0)
	switch f.level {
	case 1:
		speed = 4
	case 9:
		speed = 2
	}
	f.n = copy(f.buf.B, []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, speed, osUnix})
}

// finish ends the data and adds the trailer.
func (f *filter) finish(flush bool) error {
	if err := f.w.Close(); err != nil {
		return err
	}
	if len(f.buf.B)-f.n < trailerSize {
		if err := f.pass(false, false); err != nil {
			return err
		}
	}
	binary.LittleEndian.PutUint32(f.buf.B[f.n:], f.crc)
	binary.LittleEndian.PutUint32(f.buf.B[f.n+4:], uint32(f.in))
	f.n += trailerSize
	f.done, f.finished = true, true
	return f.pass(true, flush)
}

// Write takes what the writer makes.
func (f *filter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := copy(f.buf.B[f.n:], rest)
		f.n += n
		rest = rest[n:]
		if f.n == len(f.buf.B) {
			if err := f.pass(false, false); err != nil {
				return 0, err
			}
		}
	}
	return len(p), nil
}

// pass hands on what was made.
func (f *filter) pass(last, flush bool) error {
	f.out += int64(f.n)
	f.piece = httpd.Out{Mem: f.buf.B[:f.n], Last: last, Flush: flush}
	f.n = 0
	return f.r.Next(f.next, &f.piece)
}

// appendRatio appends $gzip_ratio: in/out with two decimals, rounded half up.
func appendRatio(dst []byte, in, out int64) []byte {
	whole, frac := in/out, in*100/out%100
	if in*1000/out%10 > 4 {
		if frac++; frac > 99 {
			whole, frac = whole+1, 0
		}
	}
	dst = append(strconv.AppendInt(dst, whole, 10), '.')
	return append(dst, byte('0'+frac/10), byte('0'+frac%10))
}
