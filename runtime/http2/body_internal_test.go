package http2

import (
	"bytes"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/buf"
)

// TestDropWhileRead: what the request has taken of a body stays as it is when the stream ends meanwhile.
func TestDropWhileRead(t *testing.T) {
	for _, limit := range []int64{3, 1 << 20} {
		s := &Stream{c: &Conn{}}
		s.body.add([]byte("abcdef"))
		p, _ := s.take(limit)
		want := bytes.Clone(p)
		s.dropInput()
		others := make([]*buf.Buf, 64)
		for i := range others {
			others[i] = buf.Sized(minPiece)
			copy(others[i].B, "other client")
		}
		if !bytes.Equal(p, want) {
			t.Errorf("limit %d: %q, want %q", limit, p, want)
		}
		for _, b := range others {
			b.Free()
		}
		if s.body.given == nil {
			t.Errorf("limit %d: the buffer is lost", limit)
		}
	}
}
