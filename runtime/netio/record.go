package netio

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/clock"
)

// recordHeader is the length of a TLS record's header (RFC 8446, 5.1): type,
// version, and the payload's length in two bytes.
const recordHeader = 5

// RecordConn is the net.Conn to put under crypto/tls. It never hands out bytes
// of two TLS records in one Read, so that after each record everything that has
// been read from the socket and not decrypted yet is in its own buffer, where
// it can be seen: when Idle reports true between two requests, crypto/tls holds
// nothing and the connection may be parked on its descriptor.
//
// The buffer is borrowed when ciphertext arrives and given back when it has all
// been handed out.
//
// Between Hold and Flush written records are gathered, so that a response that
// crypto/tls cuts into several records leaves in one call.
type RecordConn struct {
	*Conn

	pool *buf.Pool
	in   *buf.Buf // ciphertext [r:w] not handed out yet; nil: none
	r, w int

	header  [recordHeader]byte
	got     int // bytes of the header that have been handed out
	payload int // bytes of the record's payload still to be handed out

	muted bool // see Mute

	by int64 // see ReadBy

	out  *buf.Buf // held back writes, out.B[:held]
	held int
	hold bool
}

// recordPool is the default source of ciphertext buffers: a full record fits.
const recordPool = 16<<10 + 256 + recordHeader

// recordBuffers has the ciphertext buffers of connections that bring no pool.
var recordBuffers = buf.NewPool(recordPool)

// Reset makes r ready for the TLS connection over c. pool has the ciphertext
// buffers (any size; 16 KB and some spare calls); nil takes a shared one.
func (r *RecordConn) Reset(c *Conn, pool *buf.Pool) {
	r.drop()
	if pool == nil {
		pool = recordBuffers
	}
	*r = RecordConn{Conn: c, pool: pool}
}

// Prepend makes the bytes [from:to) of b, which were read from the socket before TLS
// began, the first that r hands out. b is r's from now on.
func (r *RecordConn) Prepend(b *buf.Buf, from, to int) { r.in, r.r, r.w = b, from, to }

// drop gives all buffers back.
func (r *RecordConn) drop() {
	if r.in != nil {
		r.in.Free()
		r.in = nil
	}
	if r.out != nil {
		r.out.Free()
		r.out = nil
	}
	r.r, r.w, r.held = 0, 0, 0
}

// Release gives the buffers back and releases the Conn. Afterwards r may only be
// used after Reset.
func (r *RecordConn) Release() {
	r.drop()
	r.Conn.Release()
	r.Conn = nil
}

// Detach gives the buffers back and leaves the Conn to its owner. Afterwards r may
// only be used after Reset.
func (r *RecordConn) Detach() {
	r.drop()
	r.Conn = nil
}

// Mute makes reads fail with ErrTimeout, which crypto/tls passes on and forgets,
// until it is called with false: what crypto/tls still returns it had decrypted
// before.
func (r *RecordConn) Mute(on bool) { r.muted = on }

// Buffered is how many bytes of ciphertext have been read from the socket and
// not been handed out.
func (r *RecordConn) Buffered() int { return r.w - r.r }

// Idle tells whether the stream rests between two records with nothing
// buffered: whatever comes next will make the descriptor readable.
func (r *RecordConn) Idle() bool { return r.r == r.w && r.got == 0 && r.payload == 0 }

// Await waits until ciphertext is there, which it reads; while it waits no
// buffer is held.
func (r *RecordConn) Await() error {
	if r.in != nil {
		return nil
	}
	if r.by != 0 {
		left := time.Duration(r.by - clock.Mono())
		if left <= 0 {
			return ErrTimeout
		}
		if old := r.rd.timeout.get(); old <= 0 || left < old {
			r.SetReadTimeout(left)
		}
	}
	return r.take(r.ReadPooled(r.pool))
}

// ReadBy makes the waits for ciphertext end at until (clock.Mono), however many
// pieces a record comes in; 0 lifts that. The read timeout of the Conn, which it
// shortens, is to be set anew afterwards.
func (r *RecordConn) ReadBy(until int64) { r.by = until }

// TryAwait is Await without waiting: ErrAgain says that nothing is there.
func (r *RecordConn) TryAwait() error {
	if r.in != nil {
		return nil
	}
	return r.take(r.TryReadPooled(r.pool))
}

// take makes what was read the ciphertext to be handed out.
func (r *RecordConn) take(b *buf.Buf, n int, err error) error {
	if err == nil {
		r.in, r.r, r.w = b, 0, n
	}
	return err
}

// Read hands out bytes of the record that is under way, at most to its header's
// or its payload's end.
func (r *RecordConn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.muted {
		return 0, ErrTimeout
	}
	if err := r.Await(); err != nil {
		return 0, err
	}
	limit := r.payload
	if limit == 0 {
		limit = recordHeader - r.got
	}
	n := copy(p[:min(len(p), limit)], r.in.B[r.r:r.w])
	r.follow(p[:n])
	if r.r += n; r.r == r.w {
		r.in.Free()
		r.in, r.r, r.w = nil, 0, 0
	}
	return n, nil
}

// follow keeps track of the record structure of the bytes handed out.
func (r *RecordConn) follow(p []byte) {
	if r.payload > 0 {
		r.payload -= len(p)
		return
	}
	r.got += copy(r.header[r.got:], p)
	if r.got == recordHeader {
		r.payload = int(r.header[3])<<8 | int(r.header[4])
		r.got = 0
	}
}

// holdSize is how much Hold gathers before it writes on its own.
const holdSize = 32 << 10

// Hold gathers the following writes until Flush.
func (r *RecordConn) Hold() { r.hold = true }

// Flush sends what Hold gathered and ends the holding.
func (r *RecordConn) Flush() error {
	r.hold = false
	return r.flush()
}

func (r *RecordConn) flush() error {
	if r.out == nil {
		return nil
	}
	_, err := r.Conn.Write(r.out.B[:r.held])
	r.out.Free()
	r.out, r.held = nil, 0
	return err
}

// Write sends records, or gathers them after Hold.
func (r *RecordConn) Write(p []byte) (int, error) {
	if !r.hold {
		return r.Conn.Write(p)
	}
	if r.held+len(p) > holdSize {
		if err := r.flush(); err != nil {
			return 0, err
		}
		if len(p) >= holdSize/2 {
			return r.Conn.Write(p)
		}
	}
	if r.out == nil {
		r.out = buf.Sized(holdSize)
	}
	r.held += copy(r.out.B[r.held:], p)
	return len(p), nil
}
