package httpd

import (
	"crypto/rand"
	"encoding/hex"
)

// RequestID returns $request_id: 16 random bytes in hexadecimal, the same throughout the
// request.
func (r *Request) RequestID() []byte {
	m := r.main
	if m.id == nil {
		var raw [16]byte
		_, _ = rand.Read(raw[:])
		id := m.Alloc(32)
		hex.Encode(id, raw[:])
		m.id = id
	}
	return m.id
}
