package proxy

import (
	"math"

	"github.com/sluiceproxy/sluice/runtime/wire/chunked"
)

// chunks is the framing of a request body in chunks (RFC 9112, section 7.1).
type chunks struct{}

// Before implements pass.Framing.
func (chunks) Before(dst []byte, n int, _ bool) []byte { return chunked.AppendHeader(dst, int64(n)) }

// After implements pass.Framing.
func (chunks) After(dst []byte, _ int) []byte { return append(dst, chunked.CRLF...) }

// End implements pass.Framing.
func (chunks) End(dst []byte) []byte { return append(dst, chunked.LastChunk...) }

// Max implements pass.Framing.
func (chunks) Max() int { return math.MaxInt }
