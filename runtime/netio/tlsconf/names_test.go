package tlsconf

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
)

func TestParseCurves(t *testing.T) {
	const failed = `SSL_CTX_set1_curves_list("`
	unknown := func(list, name string) string {
		return failed + list + `") failed (SSL: error:0A080106:SSL routines::passed invalid argument:group '` + name + `' cannot be set)`
	}
	tests := []struct {
		list        string
		want        []tls.CurveID
		unsupported string
		err         string
	}{
		{list: "auto"},
		{list: "prime256v1", want: []tls.CurveID{tls.CurveP256}},
		{list: "P-256", want: []tls.CurveID{tls.CurveP256}},
		{list: "x25519", want: []tls.CurveID{tls.X25519}},
		{list: "secp384r1:X25519:SECP256R1", want: []tls.CurveID{tls.CurveP384, tls.X25519, tls.CurveP256}},
		{list: "X25519MLKEM768:X25519", want: []tls.CurveID{tls.X25519MLKEM768, tls.X25519}},
		{list: "*X25519MLKEM768 / ?nope:*X25519", want: []tls.CurveID{tls.X25519MLKEM768, tls.X25519}},
		{list: "X448:ffdhe2048:P-521", want: []tls.CurveID{tls.CurveP521}, unsupported: "X448 ffdhe2048"},
		{list: "p-256", err: unknown("p-256", "p-256")},
		{list: "X25519:foo", err: unknown("X25519:foo", "foo")},
		{list: "X25519:X25519", err: failed + `X25519:X25519") failed`},
		{list: "", err: failed + `") failed`},
		{list: "X25519:", err: failed + `X25519:") failed`},
	}
	for _, tt := range tests {
		c, err := ParseCurves(tt.list)
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("ParseCurves(%q): %v, want %s", tt.list, err, tt.err)
			}
			continue
		}
		if err != nil || !slices.Equal(c.IDs, tt.want) || strings.Join(c.Unsupported, " ") != tt.unsupported {
			t.Errorf("ParseCurves(%q) = %+v, %v", tt.list, c, err)
		}
	}
}

func TestTablesAreSorted(t *testing.T) {
	if !slices.IsSortedFunc(suites[:], func(a, b suite) int { return int(a.id) - int(b.id) }) {
		t.Error("suites")
	}
	if !slices.IsSortedFunc(groups[:], func(a, b group) int { return int(a.id) - int(b.id) }) {
		t.Error("groups")
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{ProtocolName(tls.VersionTLS10), "TLSv1"},
		{ProtocolName(tls.VersionTLS13), "TLSv1.3"},
		{ProtocolName(0x0300), ""},
		{CipherName(tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256), "ECDHE-RSA-AES128-GCM-SHA256"},
		{CipherName(tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256), "ECDHE-ECDSA-CHACHA20-POLY1305"},
		{CipherName(tls.TLS_RSA_WITH_AES_128_CBC_SHA), "AES128-SHA"},
		{CipherName(tls.TLS_AES_128_GCM_SHA256), "TLS_AES_128_GCM_SHA256"},
		{CipherName(0x0a0a), ""},
		{CurveName(0), ""},
		{CurveName(tls.CurveP256), "prime256v1"},
		{CurveName(tls.X25519), "X25519"},
		{CurveName(tls.X25519MLKEM768), "X25519MLKEM768"},
		{CurveName(0x0a0a), "0x0a0a"},
		{string(AppendCiphers(nil, []uint16{0x1a1a, 0x1301, 0xc02f, 0x000a, 0x00ff})), "0x1a1a:TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256:0x000a:TLS_EMPTY_RENEGOTIATION_INFO_SCSV"},
		{string(AppendCurves(nil, []tls.CurveID{0x2a2a, 29, 23, 0x0fff})), "0x2a2a:X25519:prime256v1:0x0fff"},
		{string(AppendSigAlgs(nil, []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256, tls.PSSWithSHA256})), "0x0403:0x0804"},
		{string(AppendCurves(nil, nil)), ""},
		{SessionReused(&tls.ConnectionState{DidResume: true}), "r"},
		{SessionReused(&tls.ConnectionState{}), "."},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestNamesDoNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 256)
	hello := []uint16{0x1301, 0xc02f, 0x0a0a}
	n := testing.AllocsPerRun(100, func() {
		_ = CipherName(tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)
		_ = CurveName(tls.X25519)
		_ = AppendCiphers(buf, hello)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
