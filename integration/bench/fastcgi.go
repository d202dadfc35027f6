package main

import (
	"bytes"
	"net"
	"sync"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// fastCGI is the FastCGI application behind the servers. It is part of this program, whose processor time does not count.
type fastCGI struct {
	listen net.Listener
	wait   sync.WaitGroup
}

// phpHeader is what PHP begins a page with.
const phpHeader = "X-Powered-By: PHP/8.2.0\r\nContent-type: text/html; charset=UTF-8\r\n\r\n"

// newFastCGI starts the application, which takes over the listener.
func newFastCGI(l net.Listener) *fastCGI {
	f := &fastCGI{listen: l}
	small := []byte(harness.FastCGIAnswer(phpHeader + string(harness.Filler(64))))
	large := []byte(harness.FastCGIAnswer(phpHeader + string(harness.Filler(10<<10))))
	f.wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.wait.Go(func() {
				defer func() { _ = c.Close() }()
				b := make([]byte, 8192)
				for {
					n, err := c.Read(b) // a request comes in one piece
					if err != nil {
						return
					}
					answer := small
					if bytes.Contains(b[:n], []byte("/10k")) {
						answer = large
					}
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			})
		}
	})
	return f
}

// close ends the application once the servers have closed their connections.
func (f *fastCGI) close() {
	_ = f.listen.Close()
	f.wait.Wait()
}
