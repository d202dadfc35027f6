package ssl_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
	"github.com/sluiceproxy/sluice/runtime/module/ssl"
)

// get asks for a target over TLS and returns the whole response.
func get(t testing.TB, s *httptest.Server, cfg *tls.Config, target, host string) (string, error) {
	t.Helper()
	raw := s.Dial()
	defer func() { _ = raw.Close() }()
	cfg = cfg.Clone()
	cfg.InsecureSkipVerify = true
	c := tls.Client(raw, cfg)
	if _, err := io.WriteString(c, "GET "+target+" HTTP/1.0\r\nHost: "+host+"\r\n\r\n"); err != nil {
		return "", err
	}
	all, err := io.ReadAll(c)
	return string(all), err
}

func start(t testing.TB, conf string) *httptest.Server {
	t.Helper()
	return httptest.New(t, conf, ssl.Module(), rewrite.Module())
}

func TestVariables(t *testing.T) {
	p := newPKI(t)
	p.issue("a")
	client := p.issue("client")
	s := start(t, "server ssl { "+p.pair("a")+"ssl_verify_client optional; ssl_client_certificate "+p.dir+"/ca.crt; "+
		`location / { return 200 "$https|$ssl_protocol|$ssl_cipher|$ssl_curve|$ssl_server_name|$ssl_session_reused|$ssl_alpn_protocol|`+
		`$ssl_client_verify|$ssl_client_s_dn|$ssl_client_i_dn|$ssl_client_serial|$ssl_session_id|$ssl_early_data|"; } }`)
	for _, c := range []struct {
		name string
		cfg  *tls.Config
		want string
	}{
		{"1.3", &tls.Config{ServerName: "x", CurvePreferences: []tls.CurveID{tls.X25519}}, "on|TLSv1.3|TLS_AES_128_GCM_SHA256|X25519|x|.||NONE||||||"},
		{"1.2", &tls.Config{
			ServerName: "x", MaxVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.CurveP256},
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384},
		}, "on|TLSv1.2|ECDHE-ECDSA-AES256-GCM-SHA384|prime256v1|x|.||NONE||||||"},
		{"alpn", &tls.Config{ServerName: "y", NextProtos: []string{"h7", "http/1.1"}, CurvePreferences: []tls.CurveID{tls.X25519}}, "on|TLSv1.3|TLS_AES_128_GCM_SHA256|X25519|y|.|http/1.1|NONE||||||"},
		{"certificate", &tls.Config{
			ServerName: "x", Certificates: []tls.Certificate{client}, CurvePreferences: []tls.CurveID{tls.X25519},
		}, "on|TLSv1.3|TLS_AES_128_GCM_SHA256|X25519|x|.||SUCCESS|CN=client|CN=ca|03|||"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := get(t, s, c.cfg, "/", "x")
			if _, body, _ := strings.Cut(got, "\r\n\r\n"); err != nil || body != c.want {
				t.Errorf("%s, %v, want %s", body, err, c.want)
			}
		})
	}
	if _, err := get(t, s, &tls.Config{NextProtos: []string{"h7"}}, "/", "x"); err == nil {
		t.Error("an unknown protocol was accepted")
	}
}

func TestVerifyClient(t *testing.T) {
	p, others := newPKI(t), newPKI(t)
	p.issue("a")
	known, unknown := p.issue("known"), others.issue("unknown")
	verify := func(how string) string {
		return p.pair("a") + "ssl_verify_client " + how + "; ssl_client_certificate " + p.dir + "/ca.crt; return 200 $ssl_client_verify;"
	}
	s := start(t, "server ssl { server_name on; "+verify("on")+"}\nserver { server_name optional; "+verify("optional")+
		"}\nserver { server_name any; "+verify("optional_no_ca")+"}\nserver { server_name off; "+p.pair("a")+"return 200 off; }")
	none := tls.Certificate{}
	for _, c := range []struct {
		sni, host string
		cert      tls.Certificate
		want      string
	}{
		{"on", "on", known, "200 OK"},
		{"on", "on", none, "No required SSL certificate was sent"},
		{"on", "on", unknown, "The SSL certificate error"},
		{"", "on", none, "No required SSL certificate was sent"},
		{"optional", "optional", none, "NONE"},
		{"optional", "optional", known, "SUCCESS"},
		{"optional", "optional", unknown, "The SSL certificate error"},
		{"any", "any", unknown, "FAILED:unable to verify the first certificate"},
		{"any", "any", known, "SUCCESS"},
		{"off", "off", unknown, "off"},
		{"off", "on", none, "421 Misdirected Request"},
		{"on", "off", known, "off"},
	} {
		t.Run(c.sni+" "+c.host, func(t *testing.T) {
			cfg := &tls.Config{ServerName: c.sni}
			if c.cert.Leaf != nil {
				cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &c.cert, nil }
			}
			got, err := get(t, s, cfg, "/", c.host)
			if err != nil || !strings.Contains(got, c.want) {
				t.Errorf("%s, %v, want %s", got, err, c.want)
			}
		})
	}
	if log := s.Log(); !strings.Contains(log, "client SSL certificate verify error: (21:unable to verify the first certificate)") {
		t.Errorf("log %s", log)
	}
}

func TestServerName(t *testing.T) {
	p := newPKI(t)
	for _, name := range []string{"default", "b", "c"} {
		p.issue(name)
	}
	s := start(t, "ssl_session_timeout 1h; server ssl { server_name default; "+p.pair("default")+"return 200 default; }\n"+
		"server { server_name b; "+p.pair("b")+"ssl_protocols TLSv1.1 TLSv1.3; return 200 b; }\n"+
		"server { server_name $ssl_server_name.c ~^(?<who>.+)\\.re$; ssl_certificate "+p.dir+"/$ssl_server_name.crt; ssl_certificate_key "+p.dir+
		"/$ssl_server_name.key; return 200 $who; }\n"+
		"server { server_name none; return 200 none; }\nserver { server_name no; ssl_reject_handshake on; }")
	p.issue("x.re")
	for _, c := range []struct {
		name, cn, body, fails string
		max                   uint16
	}{
		{name: "default", cn: "default", body: "default"},
		{name: "unknown", cn: "default", body: "default"},
		{name: "", cn: "default", body: "default"},
		{name: "b", cn: "b", body: "b"},
		{name: "b", max: tls.VersionTLS12, fails: "protocol version"},
		{name: "none", cn: "default", body: "none"},
		{name: "x.re", cn: "x.re", body: "x"},
		{name: "y.re", fails: "internal error"},
		{name: "no", fails: "unrecognized name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cn := ""
			cfg := &tls.Config{ServerName: c.name, MaxVersion: c.max, VerifyConnection: func(cs tls.ConnectionState) error {
				cn = cs.PeerCertificates[0].Subject.CommonName
				return nil
			}}
			host := c.name
			if host == "" {
				host = "other"
			}
			got, err := get(t, s, cfg, "/", host)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("%v, want %s", err, c.fails)
				}
				return
			}
			if err != nil || cn != c.cn || !strings.HasSuffix(got, "\r\n\r\n"+c.body) {
				t.Errorf("%s: %s, %v", cn, got, err)
			}
		})
	}
	if log := s.Log(); !strings.Contains(log, `cannot load certificate "`+p.dir+`/y.re.crt": BIO_new_file() failed`) {
		t.Errorf("log %s", log)
	}
}

func TestResumption(t *testing.T) {
	p := newPKI(t)
	p.issue("a")
	for _, c := range []struct{ name, conf, second string }{
		{"default", "", "r"},
		{"no tickets", "ssl_session_tickets off;", "."},
		{"cache", "ssl_session_tickets off; ssl_session_cache shared:x:1m;", "r"},
		{"builtin", "ssl_session_tickets off; ssl_session_cache builtin:10;", "r"},
		{"cache off", "ssl_session_tickets off; ssl_session_cache shared:x:1m; ssl_session_cache off;", "."},
		{"command", "ssl_session_tickets off; ssl_conf_command Options SessionTicket;", "r"},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(c.name, func(t *testing.T) {
				s := start(t, "server ssl { "+p.pair("a")+c.conf+"return 200 $ssl_session_reused:$ssl_session_id; }")
				cfg := &tls.Config{ServerName: "a", MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
				first, err := get(t, s, cfg, "/", "a")
				if err != nil || !strings.HasSuffix(first, "\r\n.:") {
					t.Fatalf("%s, %v", first, err)
				}
				second, err := get(t, s, cfg, "/", "a")
				_, body, _ := strings.Cut(second, "\r\n\r\n")
				reused, id, _ := strings.Cut(body, ":")
				want := c.second
				if strings.Contains(c.conf, "session_cache") && version == tls.VersionTLS12 {
					want = "." // it gets no ticket
				}
				if err != nil || reused != want || (reused == "r") != (len(id) == 64) {
					t.Errorf("%s, %v, want %s", body, err, want)
				}
			})
		}
	}
}

func TestPlainRequest(t *testing.T) {
	p := newPKI(t)
	p.issue("a")
	s := start(t, "server ssl { "+p.pair("a")+"error_page 497 =302 https://$host/; location /x { error_page 497 = /y; } location /y { return 200 y; } }")
	if r := s.Get("/"); r.Status != 302 || r.Header.Get("Location") != "https://localhost/" {
		t.Errorf("%+v", r)
	}
	s = start(t, "server ssl { "+p.pair("a")+"}")
	if r := s.Get("/"); r.Status != 400 || !strings.Contains(r.Body, "The plain HTTP request was sent to HTTPS port") {
		t.Errorf("%+v", r)
	}
}

// records counts the TLS records with data that pass through a connection.
type records struct {
	net.Conn
	n    int
	rest []byte // of a record that is not complete
}

func (r *records) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.rest = append(r.rest, p[:n]...)
	for len(r.rest) >= 5 {
		size := 5 + int(r.rest[3])<<8 + int(r.rest[4])
		if len(r.rest) < size {
			break
		}
		if r.rest[0] == 23 {
			r.n++
		}
		r.rest = r.rest[size:]
	}
	return n, err
}

// A small response is one record; a larger one fills records of
// ssl_buffer_size.
func TestRecords(t *testing.T) {
	p := newPKI(t)
	p.issue("a")
	s := start(t, "server ssl { "+p.pair("a")+"location / { return 200 "+strings.Repeat("x", 500)+"; } location /3k { return 200 "+strings.Repeat("x", 3000)+
		"; } }\nserver { server_name small; ssl_buffer_size 1k; "+p.pair("a")+"location / { return 200 "+strings.Repeat("x", 3000)+"; } }")
	for _, c := range []struct {
		host, target string
		want         int
	}{
		{"a", "/", 1},
		{"a", "/3k", 1},
		{"small", "/", 4},
	} {
		raw := &records{Conn: s.Dial()}
		conn := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, ServerName: c.host, MaxVersion: tls.VersionTLS12})
		if err := conn.Handshake(); err != nil {
			t.Fatal(err)
		}
		raw.n = 0
		if _, err := io.WriteString(conn, "GET "+c.target+" HTTP/1.0\r\nHost: "+c.host+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(conn); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		if raw.n != c.want {
			t.Errorf("%s%s: %d records, want %d", c.host, c.target, raw.n, c.want)
		}
	}
}

// Requests that come in one record, which is longer than the buffer for
// headers, are all answered.
func TestPipelinedInOneRecord(t *testing.T) {
	p := newPKI(t)
	p.issue("a")
	s := start(t, "client_header_buffer_size 512; server ssl { "+p.pair("a")+"return 200 x; }")
	raw := s.Dial()
	defer func() { _ = raw.Close() }()
	c := tls.Client(raw, &tls.Config{InsecureSkipVerify: true})
	const requests = 30
	one := "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	if _, err := io.WriteString(c, strings.Repeat(one, requests-1)+strings.Replace(one, "Host", "Connection: close\r\nHost", 1)); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if n := bytes.Count(all, []byte("200 OK")); err != nil || n != requests {
		t.Errorf("%d responses, %v", n, err)
	}
}
