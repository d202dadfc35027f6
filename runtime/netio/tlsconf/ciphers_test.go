package tlsconf

import (
	"bytes"
	"crypto/tls"
	"os"
	"slices"
	"strings"
	"testing"
)

// The table was made with `openssl ciphers -ciphersuites "" LIST` of OpenSSL 3.0.
func TestParseCiphersAsOpenSSL(t *testing.T) {
	data, err := os.ReadFile("testdata/ciphers.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		list, want, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), "\t")
		t.Run(list, func(t *testing.T) {
			c, err := ParseCiphers(list)
			got := ""
			switch {
			case err != nil:
				got = err.Error()
				if strings.HasPrefix(want, "error:") {
					want = `SSL_CTX_set_cipher_list("` + list + `") failed (SSL: ` + want + `)`
				}
			default:
				got = strings.Join(c.Names, ":")
			}
			if got != want {
				t.Errorf("ParseCiphers(%q)\n got %s\nwant %s", list, got, want)
			}
		})
	}
}

func TestParseCiphersForGo(t *testing.T) {
	tests := []struct {
		list     string
		want     []uint16
		secLevel int
	}{
		{"ECDHE-RSA-AES128-GCM-SHA256", []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}, -1},
		{"AES128-SHA:AES256-SHA", []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA}, -1},
		{"AES128-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=3", []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}, 3},
		{"ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES256-GCM-SHA384@SECLEVEL=5", []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384}, 5},
		{"ECDHE-RSA-AES256-SHA:@SECLEVEL=0", []uint16{tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA}, 0},
		{"DHE-RSA-AES128-GCM-SHA256", []uint16{}, -1},
	}
	for _, tt := range tests {
		c, err := ParseCiphers(tt.list)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(c.IDs, tt.want) || c.IDs == nil || c.SecLevel != tt.secLevel {
			t.Errorf("ParseCiphers(%q) = %#x level %d, want %#x level %d", tt.list, c.IDs, c.SecLevel, tt.want, tt.secLevel)
		}
	}
}

func TestProtocols(t *testing.T) {
	tests := []struct {
		words    string
		min, max uint16
		holes    Protocols
		ok       bool
		set      string
	}{
		{"TLSv1.2 TLSv1.3", tls.VersionTLS12, tls.VersionTLS13, 0, true, "TLSv1.2 TLSv1.3"},
		{"TLSv1 tlsv1.3", tls.VersionTLS10, tls.VersionTLS13, TLSv11 | TLSv12, true, "TLSv1 TLSv1.3"},
		{"SSLv3 TLSv1.1", tls.VersionTLS11, tls.VersionTLS11, 0, true, "SSLv3 TLSv1.1"},
		{"SSLv2 SSLv3", 0, 0, 0, false, "SSLv2 SSLv3"},
	}
	for _, tt := range tests {
		var p Protocols
		for word := range strings.FieldsSeq(tt.words) {
			one, ok := ProtocolByName(word)
			if !ok {
				t.Fatalf("ProtocolByName(%q) unknown", word)
			}
			p |= one
		}
		lo, hi, holes, ok := p.Range()
		if lo != tt.min || hi != tt.max || holes != tt.holes || ok != tt.ok || p.String() != tt.set {
			t.Errorf("%s: Range() = %#x, %#x, %v, %v; String() = %q", tt.words, lo, hi, holes, ok, p)
		}
	}
	if _, ok := ProtocolByName("TLSv1.4"); ok {
		t.Error("TLSv1.4 is known")
	}
}

func FuzzParseCiphers(f *testing.F) {
	for _, s := range []string{DefaultCiphers, "DEFAULT:@STRENGTH", "EECDH+AESGCM:-AES:!RSA:+SHA", "@SECLEVEL=2", "+", "A+", "!"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		c, err := ParseCiphers(list)
		if err == nil && (len(c.Names) == 0 || c.IDs == nil) {
			t.Fatalf("empty result without an error for %q", list)
		}
	})
}
