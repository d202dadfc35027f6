package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// application takes request bodies, and sends back what comes on upgraded connections. It is part of this program, whose
// processor time does not count.
type application struct {
	listen net.Listener
	wait   sync.WaitGroup
}

// newApplication starts the application, which takes over the listener.
func newApplication(l net.Listener) *application {
	a := &application{listen: l}
	a.wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			a.wait.Go(func() {
				defer func() { _ = c.Close() }()
				_ = a.serve(c) // the other side has closed
			})
		}
	})
	return a
}

// serve answers the requests of a connection, each when it has come as a whole.
func (a *application) serve(c net.Conn) error {
	in := bufio.NewReaderSize(c, 64<<10)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return err
		}
		if r.Header.Get("Upgrade") != "" {
			if _, err := io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"); err != nil {
				return err
			}
			_, err = io.Copy(c, in)
			return err
		}
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return err
		}
		text := fmt.Sprintf("%d bytes\n", n)
		if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text); err != nil {
			return err
		}
	}
}

// close ends the application, once the servers have closed their connections to it.
func (a *application) close() {
	_ = a.listen.Close()
	a.wait.Wait()
}
