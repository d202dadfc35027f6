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
