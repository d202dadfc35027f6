package tlsconf

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
)

// The wanted texts are what nginx logs for the same clients.
func TestHandshakeReason(t *testing.T) {
	cert := rsaCertificate(t)
	server := func() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{*cert}} }
	for _, c := range []struct {
		name           string
		server, client *tls.Config
		want           string
	}{
		{"version", server(), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, "error:0A000102:SSL routines::unsupported protocol"},
		{
			"cipher", &tls.Config{Certificates: []tls.Certificate{*cert}, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}},
			&tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}},
			"error:0A0000C1:SSL routines::no shared cipher",
		},
		{
			"protocol", &tls.Config{Certificates: []tls.Certificate{*cert}, NextProtos: []string{"http/1.1"}},
			&tls.Config{InsecureSkipVerify: true, NextProtos: []string{"x"}}, "error:0A0000EB:SSL routines::no application protocol",
		},
		{
			"group", &tls.Config{Certificates: []tls.Certificate{*cert}, CurvePreferences: []tls.CurveID{tls.CurveP256}},
			&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.CurveP384}},
			"error:0A000065:SSL routines::no suitable key share",
		},
		{"untrusted", server(), &tls.Config{ServerName: "x", MaxVersion: tls.VersionTLS12}, "error:0A000412:SSL routines::sslv3 alert bad certificate:SSL alert number 42"},
		{"no certificate", &tls.Config{GetCertificate: NewKeyring(nil).Get}, &tls.Config{InsecureSkipVerify: true}, "error:0A000179:SSL routines::cert cb error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := net.Pipe()
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = tls.Client(b, c.client).Handshake()
				_ = b.Close()
			}()
			err := tls.Server(a, c.server).Handshake()
			_ = a.Close()
			<-done
			if err == nil {
				t.Fatal("no error")
			}
			if got := HandshakeReason(err, 0); got != c.want {
				t.Errorf("%q is %s, want %s", err, got, c.want)
			}
		})
	}
	if got := HandshakeReason(io.ErrUnexpectedEOF, 48); got != "error:0A000418:SSL routines::tlsv1 alert unknown ca:SSL alert number 48" {
		t.Error(got)
	}
	if got := HandshakeReason(&Error{Op: "x", Cause: io.EOF}, 0); got != "error:0A000179:SSL routines::cert cb error" {
		t.Error(got)
	}
	if got := HandshakeReason(errors.New("tls: something new"), 0); got != "something new" {
		t.Error(got)
	}
}

// TestHandshakeReasonOfNonsense sends a server what is no handshake.
func TestHandshakeReasonOfNonsense(t *testing.T) {
	cert := rsaCertificate(t)
	hello := clientHello(t)
	for _, c := range []struct{ name, sent, want string }{
		{"long record", "\x16\x03\x01\xff\xff", "error:0A0000C6:SSL routines::packet length too long"},
		{"SSL 2", "\x80\x2e\x01\x00\x02", "error:0A0000FC:SSL routines::unknown protocol"},
		{"long message", "\x16\x03\x01\x00\x05hello", "error:0A000098:SSL routines::excessive message size"},
		{"no TLS", "GET / HTTP/1.0\r\n\r\n", "error:0A00010B:SSL routines::wrong version number"},
		{"plain text behind the hello", hello + "GET / HTTP/1.0\r\n\r\n", "error:0A00010B:SSL routines::wrong version number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, b) }()
			go func() { _, _ = b.Write([]byte(c.sent)) }()
			err := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{*cert}}).Handshake()
			_, _ = a.Close(), b.Close()
			if err == nil {
				t.Fatal("no error")
			}
			if got := HandshakeReason(err, 0); got != c.want {
				t.Errorf("%q is %s, want %s", err, got, c.want)
			}
		})
	}
}

// clientHello returns what a client begins with.
func clientHello(t *testing.T) string {
	t.Helper()
	a, b := net.Pipe()
	go func() {
		_ = tls.Client(b, &tls.Config{InsecureSkipVerify: true}).Handshake()
	}()
	head := make([]byte, 5)
	if _, err := io.ReadFull(a, head); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, int(head[3])<<8|int(head[4]))
	if _, err := io.ReadFull(a, body); err != nil {
		t.Fatal(err)
	}
	_, _ = a.Close(), b.Close()
	return string(head) + string(body)
}
