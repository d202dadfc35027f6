package faults

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// Types of FastCGI's records.
const (
	endRequest = 3
	stdout     = 6
	stderr     = 7
)

// A peer is a connection to a server that does something wrong, with the request that it has just read. What it writes when
// the proxy has closed already goes nowhere.
type peer struct {
	net.Conn
	tcp   net.Conn // what the bytes of Conn go over: itself, or what is below TLS
	out   []byte   // leaves in one write, so that it arrives at once: before the next pause or close, or at the end
	proto *protocol
	// path is the request's; memcached has it for the key.
	path string
	// method is the request's, of HTTP only.
	method string
	// unit is what times are counted in: the time-outs of the proxy are four of it.
	unit time.Duration
	// leaves says that the request asks to close the connection behind the response.
	leaves, closed bool
}

// raw sends bytes as they are.
func (p *peer) raw(text string) { p.out = append(p.out, text...) }

// flush writes what was sent, and reports whether that worked.
func (p *peer) flush() bool {
	_, err := p.Write(p.out)
	p.out = p.out[:0]
	return err == nil
}

// say sends a part of the response.
func (p *peer) say(text string) { p.raw(p.proto.frame(text)) }

// head sends the head of a response of 200 with these fields.
func (p *peer) head(fields ...string) { p.say(p.proto.head(fields...)) }

// announce sends the head of a response whose body is to have n bytes.
func (p *peer) announce(n string) { p.say(p.announced(n)) }

func (p *peer) announced(n string) string {
	if p.proto.name == "memcached" {
		return "VALUE " + p.path + " 0 " + n + "\r\n"
	}
	return p.proto.head("Content-Length: " + n)
}

// whole is a response as it should be.
func (p *peer) whole(body string) string {
	return p.proto.frame(p.announced(fmt.Sprint(len(body)))+body) + p.proto.end
}

// answer sends a response as it should be.
func (p *peer) answer(body string) {
	p.raw(p.whole(body))
	p.leave()
}

// end ends a response.
func (p *peer) end() {
	p.raw(p.proto.end)
	p.leave()
}

// leave closes the connection where the request asks for that with a flag: FastCGI's.
func (p *peer) leave() {
	if p.leaves {
		p.close()
	}
}

// pause waits until what was sent has been read, and a little longer.
func (p *peer) pause() {
	p.flush()
	harness.AwaitTaken(p.tcp)
	time.Sleep(10 * time.Millisecond)
}

// drip sends bytes one by one, with a time between them.
func (p *peer) drip(text string, every time.Duration) {
	for i := range len(text) {
		if p.raw(text[i : i+1]); !p.flush() {
			return
		}
		time.Sleep(every)
	}
}

// dripBody sends the bytes of a body one by one.
func (p *peer) dripBody(text string, every time.Duration) {
	for i := range len(text) {
		if p.say(text[i : i+1]); !p.flush() {
			return
		}
		time.Sleep(every)
	}
}

// flood sends a text again and again until it is n bytes, or the proxy has closed.
func (p *peer) flood(text string, n int) {
	block := strings.Repeat(text, 1+min(n, 32<<10)/len(text))
	for sent := 0; sent < n; sent += len(block) {
		if p.raw(block); !p.flush() {
			return
		}
	}
}

// close closes the connection.
func (p *peer) close() {
	p.flush()
	p.closed = true
	_ = p.Conn.Close() // what was written is on its way
}

// vanish closes the connection without a word of TLS.
func (p *peer) vanish() {
	p.flush()
	p.closed = true
	_ = p.tcp.Close() // what was written is on its way
}

// reset resets the connection, once what was sent has been read.
func (p *peer) reset() {
	p.pause()
	_ = p.tcp.(*net.TCPConn).SetLinger(0) // it is open
	p.vanish()
}

// certificate is what a peer speaks TLS with.
var certificate = sync.OnceValue(func() *tls.Config {
	pair, err := tls.LoadX509KeyPair(filepath.Join(lab.Certs, "localhost.pem"), filepath.Join(lab.Certs, "localhost.key"))
	if err != nil {
		panic(err) // the lab has made them
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
})

// lives serves the connections of a peer: it plays the row that a request names, or answers as it should.
func lives(proto *protocol, rows map[string]*row, unit time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		p := &peer{Conn: c, tcp: c, proto: proto, unit: unit}
		if proto.secure {
			p.Conn = tls.Server(c, certificate())
		}
		in := bufio.NewReader(p.Conn)
		for n := 1; !p.closed; n++ {
			var err error
			if p.method, p.path, p.leaves, err = proto.read(in); err != nil {
				return
			}
			parts := strings.Split(p.path, "/") // "", mode, row, and perhaps good
			if r := rows[parts[min(2, len(parts)-1)]]; r != nil && len(parts) == 3 {
				r.play(p)
			} else {
				p.answer(fmt.Sprintf("request %d of the connection", n))
			}
			if !p.closed {
				p.flush()
			}
		}
	}
}
