package ssl_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/ssl"
)

// The messages are nginx's over OpenSSL 3.0; DIR stands for the folder of the
// certificates, CONF for the configuration's.
func TestLoad(t *testing.T) {
	p := newPKI(t)
	p.issue("a")
	p.issue("b")
	pair := p.pair("a")
	for _, c := range []struct{ name, conf, want string }{
		{"good", "server ssl { " + pair + "}", ""},
		{"inherited", pair + "server ssl { }", ""},
		{"plain", "server { ssl_protocols TLSv1.2; }", ""},
		{"rejecting", "server ssl { ssl_reject_handshake on; }", ""},
		{"none", "server ssl { }", `no "ssl_certificate" is defined for the "listen ... ssl" directive in CONF/nginx.conf:2`},
		{
			"rejecting and another without", "server ssl { ssl_reject_handshake on; }\nserver { server_name b; ssl_reject_handshake off; }",
			`no "ssl_certificate" is defined for the "listen ... ssl" directive in CONF/nginx.conf:3`,
		},
		{"no key", "server ssl { ssl_certificate DIR/a.crt; }", `no "ssl_certificate_key" is defined for certificate "DIR/a.crt"`},
		{"missing", "server ssl { ssl_certificate DIR/x.crt; ssl_certificate_key DIR/a.key; }", `cannot load certificate "DIR/x.crt": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(DIR/x.crt, r) error:10000080:BIO routines::no such file)`},
		{"relative", "server ssl { ssl_certificate x.crt; ssl_certificate_key x.key; }", `cannot load certificate "CONF/x.crt": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(CONF/x.crt, r) error:10000080:BIO routines::no such file)`},
		{"another's key", "server ssl { ssl_certificate DIR/a.crt; ssl_certificate_key DIR/b.key; }", `SSL_CTX_use_PrivateKey("DIR/b.key") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)`},
		{"ciphers", "server ssl { ssl_ciphers nope; " + pair + "}", `SSL_CTX_set_cipher_list("nope") failed (SSL: error:0A0000B9:SSL routines::no cipher match)`},
		{"curve", "server ssl { ssl_ecdh_curve nope; " + pair + "}", `SSL_CTX_set1_curves_list("nope") failed (SSL: error:0A080106:SSL routines::passed invalid argument:group 'nope' cannot be set)`},
		{"verify without authorities", "server ssl { ssl_verify_client on; " + pair + "}", "no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client"},
		{"verify with any", "server ssl { ssl_verify_client optional_no_ca; " + pair + "}", ""},
		{"ocsp", "server ssl { ssl_ocsp on; ssl_verify_client on; ssl_client_certificate DIR/ca.crt; " + pair + "}", `"ssl_ocsp" is not supported on this platform`},
		{"ocsp for any", "server ssl { ssl_ocsp on; ssl_verify_client optional_no_ca; " + pair + "}", `"ssl_ocsp" is incompatible with "ssl_verify_client optional_no_ca"`},
		{"ech file missing", "server ssl { ssl_ech_file DIR/x; " + pair + "}", `BIO_new_file("DIR/x") failed (SSL: error:80000002:system library::No such file or directory:calling fopen(DIR/x, r) error:10000080:BIO routines::no such file)`},
		{"ech file without configurations", "server ssl { ssl_ech_file DIR/a.key; " + pair + "}", `OSSL_ECHSTORE_read_pem(DIR/a.key) failed`},
		{"session cache", "server ssl { ssl_session_cache nope; " + pair + "}", `invalid session cache "nope" in CONF/nginx.conf:2`},
		{"session cache size", "server ssl { ssl_session_cache shared:a:1k; " + pair + "}", `session cache "shared:a:1k" is too small in CONF/nginx.conf:2`},
		{"ticket key", "server ssl { ssl_session_ticket_key DIR/a.crt; " + pair + "}", `"DIR/a.crt" must be 48 or 80 bytes in CONF/nginx.conf:3`},
		{"certificate cache", "server ssl { ssl_certificate_cache inactive=1s; " + pair + "}", `"ssl_certificate_cache" must have the "max" parameter in CONF/nginx.conf:2`},
		{"certificate cache parameter", "server ssl { ssl_certificate_cache max=0; " + pair + "}", `invalid parameter "max=0" in CONF/nginx.conf:2`},
		{"protocol", "server ssl { ssl_protocols TLSv1.9; " + pair + "}", `invalid value "TLSv1.9" in CONF/nginx.conf:2`},
		{"stapling and compression", "server ssl { ssl_stapling on; ssl_certificate_compression on; " + pair + "}", `"ssl_stapling" is incompatible with "ssl_certificate_compression"`},
		{"unknown variable", "server ssl { ssl_certificate $nope; ssl_certificate_key $nope; }", `unknown "nope" variable`},
		{"unknown command", "server ssl { ssl_conf_command Foo bar; " + pair + "}", `SSL_CONF_cmd("Foo", "bar") failed (SSL: error:0A000182:SSL routines::unknown cmd name:cmd=Foo)`},
		{"unknown option", "server ssl { ssl_conf_command Options Foo; " + pair + "}", `SSL_CONF_cmd("Options", "Foo") failed (SSL: error:0A000180:SSL routines::bad value:cmd=Options, value=Foo)`},
		{"minimal protocol", "server ssl { ssl_conf_command MinProtocol Foo; " + pair + "}", `SSL_CONF_cmd("MinProtocol", "Foo") failed (SSL: error:0A000180:SSL routines::bad value:cmd=MinProtocol, value=Foo)`},
		{"suites", "server ssl { ssl_conf_command Ciphersuites Foo; " + pair + "}", `SSL_CONF_cmd("Ciphersuites", "Foo") failed (SSL: error:0A0000B9:SSL routines::no cipher match error:0A000180:SSL routines::bad value:cmd=Ciphersuites, value=Foo)`},
		{"all suites", "server ssl { ssl_conf_command Ciphersuites TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256; " + pair + "}", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := httptest.Load(t, strings.ReplaceAll(c.conf, "DIR", p.dir), ssl.Module())
			got := ""
			if err != nil {
				got = err.Error()
			}
			got = strings.ReplaceAll(confDir.ReplaceAllString(got, "CONF"), p.dir, "DIR")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// confDir finds the folder of the configuration.
var confDir = regexp.MustCompile(`[^ "(]*/ht\d+`)

func TestWarnings(t *testing.T) {
	p := newPKI(t)
	p.issue("a")
	warnings, err := httptest.Load(t, "server ssl { ssl_stapling on; ssl_certificate "+p.dir+"/ca.crt; ssl_certificate_key "+p.dir+
		"/ca.key; }\nserver { server_name b; ssl_early_data on; ssl_certificate_compression on; "+p.pair("a")+"}", ssl.Module())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`"ssl_stapling" ignored, issuer certificate not found for certificate "` + p.dir + `/ca.crt"`,
		`"ssl_early_data" is not supported on this platform, ignored`,
		`"ssl_certificate_compression" is not supported on this platform, ignored`,
	}
	if !slices.Equal(warnings, want) {
		t.Errorf("%q", warnings)
	}
}
