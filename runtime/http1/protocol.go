package http1

import "github.com/sluiceproxy/sluice/runtime/front"

// Serve is HTTP/1 as an httpd.Protocol.
func Serve(fc *front.Conn) {
	c := newConn(fc)
	c.takeInput()
	c.loop()
}
