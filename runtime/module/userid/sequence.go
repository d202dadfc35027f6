package userid

import (
	"encoding/binary"
	"os"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// size is the length of an identifier in bytes.
const size = 16

// The counters' first values and their step. The low byte is never 0, so that
// the last number of an identifier is not.
const (
	firstV1 = 1
	firstV2 = 0x03030302
	step    = 0x100
)

// sequence makes identifiers that are unique to the process. It outlives
// configurations.
type sequence struct {
	start  uint32 // distinguishes processes that began in the same second
	v1, v2 atomic.Uint32
}

// newSequence returns a sequence of its own.
func newSequence() *sequence {
	usec := uint32(time.Now().Nanosecond() / 1000)
	s := &sequence{start: usec/20<<16 | uint32(os.Getpid())}
	s.v1.Store(firstV1)
	s.v2.Store(firstV2)
	return s
}

// first makes an identifier of userid v1: numbers in little-endian order.
func (q *sequence) first(id []byte, s *settings, now int64) {
	service := uint32(0)
	if s.service >= 0 {
		service = uint32(s.service)
	}
	binary.LittleEndian.PutUint32(id[0:], service)
	binary.LittleEndian.PutUint32(id[4:], uint32(now))
	binary.LittleEndian.PutUint32(id[8:], q.start)
	binary.LittleEndian.PutUint32(id[12:], q.v1.Add(step)-step)
}

// second makes an identifier of userid on: numbers in big-endian order,
// beginning with the server's number or address.
func (q *sequence) second(id []byte, s *settings, now int64, local *netaddr.Addr) {
	clear(id[:4])
	switch ip := local.IP(); {
	case s.service >= 0:
		binary.BigEndian.PutUint32(id, uint32(s.service))
	case ip.Is4():
		a := ip.As4()
		copy(id, a[:])
	case ip.Is6():
		a := ip.As16()
		copy(id, a[12:])
	}
	binary.BigEndian.PutUint32(id[4:], uint32(now))
	binary.BigEndian.PutUint32(id[8:], q.start)
	binary.BigEndian.PutUint32(id[12:], q.nextV2())
}

// nextV2 returns the counter and moves it on, over its end to its beginning.
func (q *sequence) nextV2() uint32 {
	for {
		n := q.v2.Load()
		next := n + step
		if next < firstV2 {
			next = firstV2
		}
		if q.v2.CompareAndSwap(n, next) {
			return n
		}
	}
}
