package http1

import "github.com/sluiceproxy/sluice/runtime/wire/h2"

// beginsHTTP2 hands a connection over whose client begins with the preface of HTTP/2 (RFC 9113,
// section 3.4). True: c must not be used.
func (c *Conn) beginsHTTP2() bool {
	for {
		got := c.in.B[c.inPos:c.inEnd]
		n := min(len(got), len(h2.Preface))
		if string(got[:n]) != h2.Preface[:n] {
			return false
		}
		if n == len(h2.Preface) {
			break
		}
		m, err := c.readBy(c.in.B[c.inEnd:], c.conn.OpenUntil())
		if m == 0 || err != nil {
			return false // the next read finds it, too
		}
		c.inEnd += m
	}
	fc, end := c.conn, c.endpoint
	fc.GiveInput(c.in, c.inPos, c.inEnd)
	c.in = nil
	c.recycle()
	end.ServeHTTP2(fc)
	return true
}
