package harness

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"
)

// exchangeLimit bounds one connection of a client, whatever the server does; more where a request has a longer Limit.
const exchangeLimit = 8 * time.Second

// An Exchange is what a client saw on one connection.
type Exchange struct {
	// TLS tells protocol, certificate and ALPN in one line; empty for plain TCP.
	TLS string
	// Responses are the responses in order, 1xx included.
	Responses []*Response
	// Rest is what came after them and is no response: HTTP/0.9, or the bytes of an upgraded connection.
	Rest []byte
	// End is how it ended: closed, timeout, handshake failed, aborted, upgraded; with the time, if the request asks for it.
	End string
}

// Do connects to addr and plays the request. subst fills in the placeholders of the side that addr belongs to; certs is
// the folder of the client certificates. A server that misbehaves is no error: the Exchange tells.
func Do(ctx context.Context, addr string, r *Request, subst func(string) string, certs string) (*Exchange, error) {
	ctx, cancel := context.WithTimeout(ctx, max(exchangeLimit, r.Limit))
	defer cancel()
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = raw.Close() }()
	deadline, _ := ctx.Deadline()
	if err := raw.SetDeadline(deadline); err != nil {
		return nil, err
	}
	if r.Preface != "" {
		if _, err := raw.Write(wire(subst(r.Preface))); err != nil {
			return nil, err
		}
	}
	ex := &Exchange{}
	conn := raw
	if r.TLS != nil {
		c, err := r.TLS.client(raw, certs)
		if err != nil {
			return nil, err
		}
		if err := c.HandshakeContext(ctx); err != nil {
			ex.End = "handshake failed"
			return ex, nil
		}
		ex.TLS = describe(c.ConnectionState())
		conn = c
	}
	p := player{conn: conn, r: bufio.NewReader(conn), ex: ex}
	if r.Times {
		p.watch = timeReads(conn)
		p.r = bufio.NewReader(p.watch)
	}
	p.play(r, subst)
	if tcp, ok := raw.(*net.TCPConn); ok && r.Reset {
		return ex, tcp.SetLinger(0)
	}
	return ex, nil
}

// player plays one request on one connection.
type player struct {
	conn    net.Conn
	r       *bufio.Reader
	watch   *stopwatch // nil where the request asks for no times
	ex      *Exchange
	methods []string // of the requests sent, in order
	finals  int
	interim int
	over    bool
}

func (p *player) play(r *Request, subst func(string) string) {
	for _, part := range r.Parts {
		for !p.over && (part.Ended || p.finals < part.Answers || p.interim < part.Interim || len(p.ex.Rest) < part.Bytes) {
			p.next()
		}
		if part.Pause > 0 {
			AwaitTaken(p.conn)
			time.Sleep(part.Pause)
		}
		text := wire(subst(part.Text))
		for _, m := range methodsOf.FindAllSubmatch(text, -1) {
			p.methods = append(p.methods, string(m[1]))
		}
		if len(text) == 0 {
			continue
		}
		// A server may refuse and close before it has taken everything; what it said is still there to be read.
		_, _ = p.conn.Write(text)
	}
	if r.Abort {
		p.ex.End = "aborted"
		return
	}
	if p.upgraded() {
		// It ends when both sides want it to: the server does not close because the client has nothing more to say.
		p.ex.End = "upgraded"
		return
	}
	for !p.over && p.finals < r.Answers {
		p.next()
	}
	if p.over {
		return
	}
	if c, ok := p.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	for !p.over {
		p.next()
	}
}

// next reads one response, or notes the end.
func (p *player) next() {
	if p.upgraded() {
		p.raw()
		return
	}
	method := "GET"
	if p.finals < len(p.methods) {
		method = p.methods[p.finals]
	}
	head, err := p.r.Peek(5)
	if err == nil && !bytes.Equal(head, []byte("HTTP/")) {
		p.raw()
		return
	}
	if err != nil && p.r.Buffered() > 0 {
		p.raw()
		return
	}
	if err != nil {
		p.end(err)
		return
	}
	resp, err := readResponse(p.r, method, p.watch)
	p.ex.Responses = append(p.ex.Responses, resp)
	if err != nil {
		p.end(err)
		return
	}
	if resp.interim() {
		p.interim++
	} else {
		p.finals++
	}
}

// upgraded tells whether the server switched to a protocol of the application's own.
func (p *player) upgraded() bool {
	n := len(p.ex.Responses)
	return n > 0 && (p.ex.Responses[n-1].Code == 101)
}

// raw reads what is there into Rest.
func (p *player) raw() {
	var b [4096]byte
	n, err := p.r.Read(b[:])
	p.ex.Rest = append(p.ex.Rest, b[:n]...)
	if err != nil {
		p.end(err)
	}
}

func (p *player) end(err error) {
	p.over = true
	p.ex.End = "closed"
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.ex.End = "timeout"
	} else if p.watch != nil {
		p.ex.End += " after " + seconds10(p.watch.tenths())
	}
}

// client prepares the client side of TLS over conn.
func (t *TLSClient) client(conn net.Conn, certs string) (*tls.Conn, error) {
	conf := &tls.Config{
		ServerName:         t.ServerName,
		InsecureSkipVerify: true, // the certificate is reported and compared with the other side's, that is the check
		NextProtos:         t.Protocols,
		MinVersion:         tls.VersionTLS12,
	}
	if t.MaxVersion == "1.2" {
		conf.MaxVersion = tls.VersionTLS12
	}
	if t.Certificate != "" {
		base := filepath.Join(certs, t.Certificate)
		pair, err := tls.LoadX509KeyPair(base+".pem", base+".key")
		if err != nil {
			return nil, err
		}
		// Sent even where the server's list of authorities does not name the issuer.
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	return tls.Client(conn, conf), nil
}

func describe(s tls.ConnectionState) string {
	name := "none"
	if len(s.PeerCertificates) > 0 {
		name = s.PeerCertificates[0].Subject.CommonName
	}
	return fmt.Sprintf("%s certificate=%s alpn=%s", tls.VersionName(s.Version), name, s.NegotiatedProtocol)
}

// drain reads everything there is, at most limit bytes.
func drain(r io.Reader, limit int64) []byte {
	b, _ := io.ReadAll(io.LimitReader(r, limit)) // what was read before an error counts
	return b
}
