package http1

import "github.com/sluiceproxy/sluice/runtime/front"

// Protocol is HTTP/1 as an httpd.Protocol.
type Protocol struct{}

// Serve implements httpd.Protocol.
func (Protocol) Serve(fc *front.Conn) {
	c := newConn(fc)
	c.takeInput()
	c.loop()
}
