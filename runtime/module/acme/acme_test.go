package acme_test

import (
	"crypto/tls"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	values "github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/acme"
	"github.com/sluiceproxy/sluice/runtime/module/headers"
	"github.com/sluiceproxy/sluice/runtime/module/log"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
	"github.com/sluiceproxy/sluice/runtime/module/ssl"
)

// issuer is a block that is complete.
const issuer = "acme_issuer a { uri https://ca.test/dir; MORE }\n"

// TestErrors: what is wrong is told in the words of nginx's module.
func TestErrors(t *testing.T) {
	inside := func(text string) string { return strings.Replace(issuer, "MORE", text, 1) }
	server := func(text string) string { return inside("") + "server ssl { ssl_reject_handshake on; " + text + " }" }
	for _, tc := range []struct{ conf, want string }{
		{inside(""), ""},
		{server("acme_certificate a .example.test 192.0.2.1 key=rsa:4096;"), ""},
		{"server ssl { ssl_reject_handshake on; acme_certificate a x.test; }\n" + inside(""), ""}, // in any order
		{inside("account_key ecdsa:256; challenge http; contact a@b.test; contact tel:1; ssl_verify off; state_path s; accept_terms_of_service;"), ""},
		{inside("profile p require; preferred_chain x; common_name_in_csr on; external_account_key k data:AAAA; state_path off;"), ""},
		{"server ssl { ssl_reject_handshake on; acme_certificate letsencrypt a.test; }", ""},
		{"acme_issuer a { }", `acme_issuer: "uri" is missing in `},
		{"acme_issuer a { uri /dir; }", `acme_issuer: "uri" is missing in `},
		{"acme_issuer a { uri ldap://a/; }", `"uri" directive invalid value in `},
		{inside("challenge http; challenge http;"), `"challenge" directive is duplicate in `},
		{inside("uri https://x.test/; accept_terms_of_service; accept_terms_of_service;"), `"accept_terms_of_service" directive is duplicate in `},
		{inside("") + inside(""), `"acme_issuer" directive is duplicate in `},
		{inside("nothing on;"), `unknown directive "nothing" in `},
		{inside("challenge dns-01;"), `unsupported challenge: dns-01 in `},
		{inside("challenge other;"), `unsupported challenge: other in `},
		{inside("challenge dns;") + "server { location @h { acme_hook a; return 200; } }", ""},
		{inside("challenge dns;") + "server { location @h { acme_hook a uri=/$acme_hook_name; return 200; } }", ""},
		{inside("challenge dns;") + "server { location @h { acme_hook a url=/x; return 200; } }", `invalid parameter "url=/x" in `},
		{inside("challenge dns;") + "server { location @h { acme_hook a; } location @i { acme_hook a; } }", `"acme_hook" directive is duplicate in `},
		{inside("") + "server { location @h { acme_hook a; return 200; } }", `acme_hook: issuer "a" with the challenge dns-01 is missing in `},
		{"server { acme_hook a; }", `"acme_hook" directive is not allowed here in `},
		{inside("account_key ecdsa:234;"), `account_key: unsupported curve in `},
		{inside("account_key rsa:1024;"), `account_key: unsupported key size in `},
		{inside(`contact "";`), `"contact" directive invalid value in `},
		{inside("profile a b;"), `"profile" directive invalid value in `},
		{inside("external_account_key k data:%;"), `"external_account_key" directive invalid base64url encoded value in `},
		{inside(`external_account_key "" data:AAAA;`), `"external_account_key" directive invalid value in `},
		{inside("ssl_verify maybe;"), `invalid value "maybe" in "ssl_verify" directive, it must be "on" or "off" in `},
		{inside("ssl_trusted_certificate none.pem;"), `none.pem`},
		{inside("state_path s;") + "acme_issuer b { uri https://x.test; state_path s/; }", `the same path name "`},
		{inside("state_path acme_b;") + "acme_issuer b { uri https://x.test; }", `the same path name "`},
		{server("acme_certificate a;"), `"acme_certificate": no identifiers found in "server_name" in `},
		{server("server_name www.example.*; acme_certificate a;"), `"acme_certificate": invalid server name: unexpected character '*' at position 12 in `},
		{server("acme_certificate a .example..test;"), `acme_certificate: invalid server name: unexpected character '.' at position 9 in `},
		{server("acme_certificate other example.test;"), `issuer "other" is missing in `},
		{server(`acme_certificate "";`), `"acme_certificate" directive "issuer" is missing in `},
		{server(`acme_certificate a "";`), `"acme_certificate" directive invalid value in `},
		{server("acme_certificate a x.test key=file;"), `"acme_certificate" directive invalid "key" value in `},
		{server("acme_certificate a x.test key=ecdsa:1;"), `acme_certificate: unsupported curve in `},
		{server("acme_certificate a x.test; acme_certificate a y.test;"), `"acme_certificate" directive is duplicate in `},
	} {
		_, err := httptest.Load(t, tc.conf, acme.Module(), ssl.Module(), rewrite.Module())
		switch got := ""; {
		case err == nil && tc.want == "":
		case err != nil && tc.want != "" && strings.Contains(err.Error(), tc.want):
		default:
			if err != nil {
				got = err.Error()
			}
			t.Errorf("%s\n%q, want %q", tc.conf, got, tc.want)
		}
	}
	warnings, err := httptest.Load(t, server("server_name ~^a$ a.test; acme_certificate a;"), acme.Module(), ssl.Module(), rewrite.Module())
	if want := `"acme_certificate": unsupported regular expression in server_name: `; err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], want) {
		t.Errorf("%q, %v", warnings, err)
	}
}

// TestAnswer: http-01 is answered in every server, before anything the server says.
func TestAnswer(t *testing.T) {
	s := httptest.New(t, strings.Replace(issuer, "MORE", "", 1)+"server { return 200 other; }", acme.Module(), rewrite.Module())
	table := s.Certificates
	if _, err := table.AnswerHTTP("token_-1", "token_-1.thumb"); err != nil {
		t.Fatal(err)
	}
	const path = "/.well-known/acme-challenge/"
	for target, want := range map[string]string{
		path + "token_-1": "token_-1.thumb", path + "token_-1?x": "token_-1.thumb", path + "token": "other", path: "other", "/": "other",
		path + "token_-1/": "other", "/x" + path + "token_-1": "other",
	} {
		r := s.Get(target)
		if r.Status != 200 || r.Body != want {
			t.Errorf("%s: %d %q, want %q", target, r.Status, r.Body, want)
		}
		if want != "other" && r.Header.Get("Content-Type") != "text/plain" {
			t.Errorf("%s: %s", target, r.Header.Get("Content-Type"))
		}
	}
	if r := s.Do("POST " + path + "token_-1 HTTP/1.0\r\n\r\n"); r.Body != "other" {
		t.Errorf("POST: %q", r.Body)
	}
}

// shake makes a handshake and asks for /; it returns the certificate.
func shake(t *testing.T, s *httptest.Server, name string, protocols ...string) (cs tls.ConnectionState, body string, err error) {
	t.Helper()
	raw := s.Dial()
	defer func() { _ = raw.Close() }()
	c := tls.Client(raw, &tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: protocols})
	if err := c.HandshakeContext(t.Context()); err != nil {
		return cs, "", err
	}
	_, _ = io.WriteString(c, "GET / HTTP/1.0\r\nHost: "+name+"\r\n\r\n")
	all, _ := io.ReadAll(c)
	_, body, _ = strings.Cut(string(all), "\r\n\r\n")
	return c.ConnectionState(), body, nil
}

// TestServe: a stand-in until there is a certificate, and then that at once, however the variables are used.
func TestServe(t *testing.T) {
	const variables = "ssl_certificate $acme_certificate; ssl_certificate_key $acme_certificate_key; "
	s := httptest.New(t, strings.Replace(issuer, "MORE", "", 1)+variables+`
		server ssl { server_name a.test; acme_certificate a; return 200 a; }
		server ssl { server_name b.test; acme_certificate a b.test key=ecdsa:384; ssl_certificate ${acme_certificate}; ssl_certificate_key $acme_certificate_key; return 200 b; }
		server ssl { server_name none.test; return 200 none; }`, acme.Module(), ssl.Module(), rewrite.Module())
	order := &values.Order{Issuer: "a", Key: values.DefaultKey(), Names: []values.Name{{Value: "a.test"}}}
	order.Identify()
	first, body, err := shake(t, s, "a.test")
	if err != nil || body != "a" || !slices.Equal(first.PeerCertificates[0].DNSNames, []string{"a.test"}) {
		t.Fatalf("%q, %v", body, err)
	}
	if second, body, err := shake(t, s, "b.test"); err != nil || body != "b" || !slices.Equal(second.PeerCertificates[0].DNSNames, []string{"b.test"}) {
		t.Errorf("%q, %v", body, err)
	}
	if _, _, err := shake(t, s, "none.test"); err == nil {
		t.Error("a handshake without a certificate")
	}
	stand, err := values.NewTable().Entry(&values.Order{Names: []values.Name{{Value: "issued.test"}}}).Certificate()
	if err != nil {
		t.Fatal(err)
	}
	s.Certificates.Set(order, stand)
	if cs, body, err := shake(t, s, "a.test"); err != nil || body != "a" || !slices.Equal(cs.PeerCertificates[0].DNSNames, []string{"issued.test"}) {
		t.Errorf("%q, %v", body, err)
	}
}

// TestALPN: tls-alpn-01 is answered where servers refuse handshakes, and where clients need a certificate.
func TestALPN(t *testing.T) {
	for _, challenge := range []string{"http-01", "tls-alpn-01"} {
		s := httptest.New(t, strings.Replace(issuer, "MORE", "challenge "+challenge+";", 1)+"server ssl { ssl_reject_handshake on; }",
			acme.Module(), ssl.Module(), rewrite.Module())
		if _, err := s.Certificates.AnswerALPN(values.Name{Value: "a.test"}, "auth"); err != nil {
			t.Fatal(err)
		}
		cs, body, err := shake(t, s, "a.test", values.ALPNProtocol)
		if on := challenge == "tls-alpn-01"; on != (err == nil) || on && cs.NegotiatedProtocol != values.ALPNProtocol || body != "" {
			t.Errorf("%s: %v, %q, %q", challenge, err, cs.NegotiatedProtocol, body)
		}
		if _, _, err := shake(t, s, "a.test"); err == nil {
			t.Error("another handshake was answered")
		}
		if _, _, err := shake(t, s, "b.test", values.ALPNProtocol); err == nil {
			t.Error("a handshake for an unknown name was answered")
		}
	}
}

// TestHook: the location of acme_hook is run with what the challenge is about, and its status says how that went.
func TestHook(t *testing.T) {
	s := httptest.New(t, strings.Replace(issuer, "MORE", "challenge dns;", 1)+`log_format hook "$acme_hook_name";
		server { location @hook {
			acme_hook a "uri=/dns?$acme_hook_name";
			set $seen "$acme_hook_client|$acme_hook_challenge|$acme_hook_domain|$acme_hook_token|$acme_hook_keyauth|$uri|$args";
			if ($acme_hook_domain = bad.test) { return 503; }
			add_header X-Seen $seen;
			error_log e notice;
			rewrite_log on;
			rewrite ^/dns$ /seen/$seen;
			return 204;
		} location / { return 200 "[$acme_hook_name]"; } }`, acme.Module(), rewrite.Module(), headers.Module(), log.Module())
	table := s.Certificates
	ctx := t.Context()
	good := values.Hook{Issuer: "a", Challenge: "dns-01", Domain: "good.test", Token: "token", Auth: "text"}
	remove, err := table.AnswerHook(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Served(ctx, []values.Hook{good}); err != nil {
		t.Errorf("%v\n%s", err, s.Log())
	}
	if want := "/seen/a|dns|good.test|token|text|/dns|add"; !strings.Contains(s.Log(), want) {
		t.Errorf("log %s, want %s", s.Log(), want)
	}
	bad := good
	bad.Domain = "bad.test"
	if _, err := table.AnswerHook(bad); err != nil {
		t.Fatal(err)
	}
	if table.Served(ctx, []values.Hook{bad}) == nil || table.Served(ctx, []values.Hook{good}) != nil {
		t.Errorf("the failure is not that of the hook\n%s", s.Log())
	}
	if !strings.Contains(s.Log(), "acme_hook failed: the hook has answered with 503") {
		t.Errorf("log %s", s.Log())
	}
	remove()
	for !strings.Contains(s.Log(), "|/dns|remove") {
		runtime.Gosched()
	}
	if r := s.Get("/"); r.Body != "[]" {
		t.Errorf("%q", r.Body)
	}
}
