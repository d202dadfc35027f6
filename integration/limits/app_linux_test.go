package limits

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// appConn is a connection as an application has it that reads and says what a case wants. When the server closes, what is
// left of the script does nothing.
type appConn struct {
	net.Conn
	in *bufio.Reader
}

// script is an application: what it does with each of its connections, which is closed at the end.
func script(serve func(a *appConn)) func(net.Conn) {
	return func(c net.Conn) { serve(&appConn{c, bufio.NewReader(c)}) }
}

// head reads the head of a request and returns it; empty where there is none any more.
func (a *appConn) head() string {
	var b strings.Builder
	for {
		line, err := a.in.ReadString('\n')
		if err != nil {
			return ""
		}
		b.WriteString(line)
		if strings.TrimRight(line, "\r\n") == "" {
			return b.String()
		}
	}
}

// body reads n bytes.
func (a *appConn) body(n int) string {
	b := make([]byte, n)
	k, _ := io.ReadFull(a.in, b)
	return string(b[:k])
}

// say sends text as it is.
func (a *appConn) say(format string, args ...any) { _, _ = fmt.Fprintf(a.Conn, format, args...) }

// pause waits, as an application does that has something to do.
func (a *appConn) pause(d time.Duration) { time.Sleep(d) }

// reset closes with a reset.
func (a *appConn) reset() {
	if c, ok := a.Conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0) // it is open
		_ = c.Close()
	}
}

// answers is an application that answers every request of a connection, which has no body, with text.
func answers(text string) func(net.Conn) {
	return script(func(a *appConn) {
		for a.head() != "" {
			a.say("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		}
	})
}

// chunks is an application that answers in chunks, one every so often, the first after that time, and closes. fields are
// added to the head, each with its CR LF.
func chunks(every time.Duration, fields string, texts ...string) func(net.Conn) {
	return script(func(a *appConn) {
		a.head()
		a.say("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n%s\r\n", fields)
		for _, text := range texts {
			a.pause(every)
			a.say("%x\r\n%s\r\n", len(text), text)
		}
		a.say("0\r\n\r\n")
	})
}
