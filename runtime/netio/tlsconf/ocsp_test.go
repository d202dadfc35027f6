package tlsconf

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/ocsp"
)

// ocspPair is a certificate with a responder and its issuer.
func ocspPair(t *testing.T, responder string) (*tls.Certificate, *issued) {
	t.Helper()
	ca := issue(t, certSpec{cn: "ca", ca: true})
	leaf := issue(t, certSpec{cn: "leaf", by: ca, serial: 9, edit: func(c *x509.Certificate) {
		if responder != "" {
			c.OCSPServer = []string{responder}
		}
	}})
	return &tls.Certificate{Certificate: [][]byte{leaf.cert.Raw}, PrivateKey: leaf.key, Leaf: leaf.cert}, ca
}

func ocspResponse(t *testing.T, ca *issued, status int, next time.Time) []byte {
	t.Helper()
	der, err := ocsp.CreateResponse(ca.cert, ca.cert, ocsp.Response{
		Status: status, SerialNumber: big.NewInt(9), ThisUpdate: testNow.Add(-time.Minute), NextUpdate: next,
		RevokedAt: testNow, IssuerHash: crypto.SHA1,
	}, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestStapler(t *testing.T) {
	pair, ca := ocspPair(t, "http://ocsp.example/path")
	other := issue(t, certSpec{cn: "ca", ca: true})
	const suffix = ` while requesting certificate status, responder: ocsp.example, certificate: "/x.pem"`
	tests := []struct {
		name string
		der  []byte
		err  error
		want string // logged; "": stapled
	}{
		{"good", ocspResponse(t, ca, ocsp.Good, testNow.Add(2*time.Hour)), nil, ""},
		{"revoked", ocspResponse(t, ca, ocsp.Revoked, testNow.Add(time.Hour)), nil, `certificate status "revoked" in the OCSP response` + suffix},
		{"unknown", ocspResponse(t, ca, ocsp.Unknown, testNow.Add(time.Hour)), nil, `certificate status "unknown" in the OCSP response` + suffix},
		{"old", ocspResponse(t, ca, ocsp.Good, testNow.Add(-time.Second)), nil, "OCSP_check_validity() failed" + suffix},
		{"try later", ocsp.TryLaterErrorResponse, nil, "OCSP response not successful (3: trylater)" + suffix},
		{"forged", ocspResponse(t, other, ocsp.Good, testNow.Add(time.Hour)), nil, "OCSP_basic_verify() failed"},
		{"unreachable", nil, errOCSPTimeout, "OCSP responder timed out" + suffix},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now, asked, logged := testNow, 0, ""
				s, err := NewStapler(StaplerOptions{
					Name: "/x.pem", Certificate: pair, Trusted: []*x509.Certificate{ca.cert},
					Now: func() time.Time { return now }, Log: func(text string) { logged += text },
					Fetch: func(_ context.Context, u *url.URL, request []byte) ([]byte, error) {
						asked++
						if r, err := ocsp.ParseRequest(request); err != nil || r.SerialNumber.Int64() != 9 || u.Path != "/path" {
							t.Errorf("request %v to %v, %v", r, u, err)
						}
						return tt.der, tt.err
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				ring := NewKeyring([]tls.Certificate{*pair})
				ring.Staple(0, s)
				get := func() bool {
					c, err := ring.Get(&tls.ClientHelloInfo{})
					if err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					return len(c.OCSPStaple) > 0
				}
				if get() {
					t.Error("stapled before a response was there")
				}
				if got := get(); got != (tt.want == "") || !strings.HasPrefix(logged, tt.want) || asked != 1 {
					t.Errorf("stapled: %v, asked %d times, logged %q, want %q", got, asked, logged, tt.want)
				}
				now = now.Add(stapleMargin - time.Second)
				get()
				if asked != 1 {
					t.Error("asked again too soon")
				}
				now = testNow.Add(maxStapleAge)
				get()
				if asked != 2 {
					t.Errorf("asked %d times after an hour", asked)
				}
				now = testNow.Add(3 * time.Hour)
				if get() {
					t.Error("stapled a response that has ended")
				}
				s.Close()
				now = now.Add(24 * time.Hour)
				if before := asked; get() || asked != before {
					t.Error("asked after Close")
				}
			})
		})
	}
}

func TestNewStaplerWarnings(t *testing.T) {
	pair, ca := ocspPair(t, "")
	trusted := []*x509.Certificate{ca.cert}
	tests := []struct{ responder, want string }{
		{"", `"ssl_stapling" ignored, no OCSP responder URL in the certificate "/x.pem"`},
		{"https://a/", `"ssl_stapling" ignored, invalid URL prefix in OCSP responder "https://a/" in the certificate "/x.pem"`},
		{"http:///x", `"ssl_stapling" ignored, no host in OCSP responder "http:///x" in the certificate "/x.pem"`},
	}
	for _, tt := range tests {
		_, err := NewStapler(StaplerOptions{Name: "/x.pem", Certificate: pair, Trusted: trusted, Responder: tt.responder})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
	_, err := NewStapler(StaplerOptions{Name: "/x.pem", Certificate: pair})
	if err == nil || err.Error() != `"ssl_stapling" ignored, issuer certificate not found for certificate "/x.pem"` {
		t.Error(err)
	}
}

func TestLoadStaple(t *testing.T) {
	_, ca := ocspPair(t, "")
	dir := t.TempDir()
	for name, tt := range map[string]struct{ data, err string }{
		"good":  {string(ocspResponse(t, ca, ocsp.Good, testNow.Add(time.Hour))), ""},
		"junk":  {"hello\n", `d2i_OCSP_RESPONSE_bio("NAME") failed (SSL: error:0680008E:asn1 encoding routines::not enough data)`},
		"empty": {"", `d2i_OCSP_RESPONSE_bio("NAME") failed`},
		"none":  {"", `BIO_new_file("NAME") failed (SSL: error:80000002:system library::No such file or directory:calling fopen(NAME, rb) error:10000080:BIO routines::no such file)`},
	} {
		path := filepath.Join(dir, name)
		if name != "none" {
			if err := os.WriteFile(path, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		data, err := LoadStaple(readFile, path)
		want := strings.ReplaceAll(tt.err, "NAME", path)
		if want == "" && (err != nil || string(data) != tt.data) || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

func TestFixedStaplerReachesClients(t *testing.T) {
	server, client := serverConfig(t, tls.VersionTLS13)
	ring := NewKeyring(server.Certificates)
	ring.Staple(0, FixedStapler(&server.Certificates[0], []byte("staple")))
	server.Certificates, server.GetCertificate = nil, ring.Get
	var got []byte
	client.VerifyConnection = func(cs tls.ConnectionState) error {
		got = cs.OCSPResponse
		return nil
	}
	connect(t, server, client)
	if string(got) != "staple" {
		t.Errorf("the client saw %q", got)
	}
	if _, err := NewKeyring(nil).Get(nil); err == nil {
		t.Error("an empty keyring gave a certificate")
	}
}

func TestKeyringPicksByClient(t *testing.T) {
	pair, err := LoadCertificate("testdata/ec.crt", "testdata/ec.key", nil)
	if err != nil {
		t.Fatal(err)
	}
	rsaPair := rsaCertificate(t)
	ring := NewKeyring(Arrange([]*tls.Certificate{rsaPair, pair}))
	for scheme, want := range map[tls.SignatureScheme]string{
		tls.ECDSAWithP256AndSHA256: "ec.example", tls.PSSWithSHA256: "rsa.example", tls.Ed25519: "ec.example",
	} {
		c, err := ring.Get(&tls.ClientHelloInfo{
			SignatureSchemes: []tls.SignatureScheme{scheme}, SupportedVersions: []uint16{tls.VersionTLS13},
			SupportedCurves: []tls.CurveID{tls.X25519},
		})
		if err != nil || c.Leaf.Subject.CommonName != want {
			t.Errorf("%v: %v, %v", scheme, c.Leaf.Subject, err)
		}
	}
}

func TestOCSPClient(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\n\r\n"
	tests := []struct{ answer, want, err string }{
		{head + "body", "body", ""},
		{"HTTP/1.1 404 Not Found\r\n\r\n", "", "OCSP responder sent invalid response"},
		{"SSH-2.0\r\n\r\n", "", "OCSP responder sent invalid response"},
		{"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n", "", `OCSP responder sent invalid "Content-Type" header: "text/html"`},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "", "OCSP responder sent invalid response"},
		{"HTTP/1.1 200 OK\r\n", "", "OCSP responder prematurely closed connection"},
		{"", "", "OCSP responder prematurely closed connection"},
	}
	for _, tt := range tests {
		request := ""
		c := OCSPClient{Dial: func(_ context.Context, network, address string) (net.Conn, error) {
			if network != "tcp" || address != "ocsp.example:80" {
				t.Errorf("dialled %s %s", network, address)
			}
			client, server := net.Pipe()
			go func() {
				buf := make([]byte, 4096)
				n, _ := server.Read(buf)
				request = string(buf[:n])
				_, _ = io.WriteString(server, tt.answer)
				_ = server.Close()
			}()
			return client, nil
		}}
		der := []byte{0xfb, 0xef, 0xbe, 0xff}
		got, err := c.Fetch(t.Context(), &url.URL{Scheme: "http", Host: "ocsp.example", Path: "/a"}, der)
		if string(got) != tt.want || (err != nil || tt.err != "") && (err == nil || err.Error() != tt.err) {
			t.Errorf("%q: %q, %v", tt.answer, got, err)
		}
		want := "GET /a/" + url.QueryEscape(base64.StdEncoding.EncodeToString(der)) + " HTTP/1.0\r\nHost: ocsp.example\r\n\r\n"
		if request != want {
			t.Errorf("sent %q, want %q", request, want)
		}
	}
}

func TestOCSPClientTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer func() { _ = server.Close() }()
		c := OCSPClient{Dial: func(context.Context, string, string) (net.Conn, error) { return client, nil }}
		ctx, cancel := context.WithTimeout(t.Context(), ocspTimeout)
		defer cancel()
		if _, err := c.Fetch(ctx, &url.URL{Host: "x"}, nil); !errors.Is(err, errOCSPTimeout) {
			t.Error(err)
		}
	})
}

func FuzzParseOCSPAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\n\r\nx"))
	f.Add([]byte("HTTP/1.0 200\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if body, err := parseOCSPAnswer(data); err == nil && len(body) > len(data) {
			t.Fatal("more than was sent")
		}
	})
}

func TestCheckDHParam(t *testing.T) {
	dir := t.TempDir()
	good := put(t, dir, "good", armoured("DH PARAMETERS", "MAYCAQUCAQI="))
	if err := CheckDHParam(readFile, good); err != nil {
		t.Error(err)
	}
	bad := put(t, dir, "bad", "\n")
	want := `PEM_read_bio_DHparams("` + bad + `") failed (SSL: error:0480006C:PEM routines::no start line:Expecting: DH PARAMETERS)`
	if err := CheckDHParam(readFile, bad); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := CheckDHParam(readFile, "/nonexistent"); err == nil || !strings.HasPrefix(err.Error(), `BIO_new_file("/nonexistent") failed (SSL: error:80000002:`) {
		t.Error(err)
	}
}
