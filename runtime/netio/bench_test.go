package netio

import (
	"crypto/tls"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/internal/testcert"
	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// serveEcho answers every request on every connection of l with one write, the
// way the request path does.
func serveEcho(l *Listener, wg *sync.WaitGroup, answer []byte) {
	pool := buf.NewPool(1024)
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		wg.Go(func() {
			defer c.Release()
			c.SetReadTimeout(75 * time.Second)
			c.SetWriteTimeout(60 * time.Second)
			for {
				b, _, err := c.ReadPooled(pool)
				if err != nil {
					return
				}
				b.Free()
				if _, err := c.Write(answer); err != nil {
					return
				}
			}
		})
	}
}

// BenchmarkKeepalive is the cost of one request and its answer, both sides on
// this machine; the client's side is as cheap as the server's.
func BenchmarkKeepalive(b *testing.B) {
	request := []byte("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n")
	answer := make([]byte, 250)
	for _, conns := range []int{1, 64} {
		b.Run("conns="+strconv.Itoa(conns), func(b *testing.B) {
			l := listen(b, netaddr.ListenSpec{NoDelay: true})
			var server, clients sync.WaitGroup
			server.Go(func() { serveEcho(l, &server, answer) })
			start := make(chan struct{})
			for range conns {
				c, err := Dial(&DialSpec{Addr: *l.Addr(), NoDelay: true})
				if err != nil {
					b.Fatal(err)
				}
				clients.Go(func() {
					defer c.Release()
					in := make([]byte, 1024)
					<-start
					for range max(b.N/conns, 1) {
						if _, err := c.Write(request); err != nil {
							b.Error(err)
							return
						}
						if _, err := c.Read(in); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			b.ReportAllocs()
			b.ResetTimer()
			close(start)
			clients.Wait()
			b.StopTimer()
			_ = l.Close()
			server.Wait()
		})
	}
}

// BenchmarkNewConnection is one connection with one request, both sides.
func BenchmarkNewConnection(b *testing.B) {
	l := listen(b, netaddr.ListenSpec{NoDelay: true})
	var server sync.WaitGroup
	server.Go(func() { serveEcho(l, &server, []byte("answer")) })
	spec := &DialSpec{Addr: *l.Addr(), NoDelay: true, Timeout: time.Minute}
	in := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		c, err := Dial(spec)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Write(in[:10]); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Read(in); err != nil {
			b.Fatal(err)
		}
		_ = c.Abort() // no TIME_WAIT: the ports would run out
		c.Release()
	}
	b.StopTimer()
	_ = l.Close()
	server.Wait()
}

// BenchmarkTLSRecords is a request and a 1 KB answer under crypto/tls.
func BenchmarkTLSRecords(b *testing.B) {
	client, server := pairOn(b, listen(b, netaddr.ListenSpec{NoDelay: true}))
	var r RecordConn
	r.Reset(server, nil)
	s := tls.Server(&r, &tls.Config{Certificates: []tls.Certificate{testcert.New(b)}})
	c := tls.Client(client, &tls.Config{InsecureSkipVerify: true})
	answer := make([]byte, 1024)
	var wg sync.WaitGroup
	wg.Go(func() {
		in := make([]byte, 4096)
		for {
			if _, err := s.Read(in); err != nil {
				return
			}
			if _, err := s.Write(answer); err != nil {
				return
			}
		}
	})
	in := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(in[:80]); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Read(in); err != nil {
			b.Fatal(err)
		}
	}
	_ = client.Close()
	wg.Wait()
}
