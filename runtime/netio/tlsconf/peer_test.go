package tlsconf

import (
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The wanted strings are what X509_NAME_print_ex, X509_NAME_oneline and nginx
// print for testdata/dn.crt.
func TestPeerVariables(t *testing.T) {
	list, err := LoadCA(readFile, "testdata/dn.crt")
	if err != nil {
		t.Fatal(err)
	}
	cert := list[0]
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{"dn", AppendDN(nil, cert.RawSubject), `O=tab\09x,CN=a=b,organizationIdentifier=X-1,GN=Given,SN=Sur,DC=example,serialNumber=42,1.2.3.4=#0C06637573746F6D,emailAddress=a@b.example,UID=user1+CN=multi,OU=trail\ ,OU=\#lead,OU=Dept,O=Org\, Inc,L=\ M\C3\BC\+n\<c\>h\;en\\x,ST=Ba#y\,er\"n,C=DE`},
		{"legacy", AppendLegacyDN(nil, cert.RawSubject), `/C=DE/ST=Ba#y,er"n/L= M\xC3\xBC\+n<c>h;en\x/O=Org, Inc/OU=Dept/OU=#lead/OU=trail /CN=multi+UID=user1/emailAddress=a@b.example/1.2.3.4=custom/serialNumber=42/DC=example/SN=Sur/GN=Given/organizationIdentifier=X-1/CN=a=b/O=tab\x09x`},
		{"serial", AppendSerial(nil, cert), "0ABC"},
		{"fingerprint", AppendFingerprint(nil, cert), "82e524ea21361e46ae4e306a6903d065c5e46a4a"},
		{"start", AppendTime(nil, cert.NotBefore), "Nov 22 18:09:11 2026 GMT"},
		{"end", AppendTime(nil, cert.NotAfter), "Oct 29 18:09:11 2126 GMT"},
		{"one digit day", AppendTime(nil, time.Date(2015, 2, 3, 0, 55, 52, 0, time.UTC)), "Feb  3 00:55:52 2015 GMT"},
		{"remain", AppendRemain(nil, cert, cert.NotAfter.Add(-49*time.Hour)), "2"},
		{"remain a day less a second", AppendRemain(nil, cert, cert.NotAfter.Add(time.Second-24*time.Hour)), "0"},
		{"expired", AppendRemain(nil, cert, cert.NotAfter.Add(49*time.Hour)), "0"},
		{"serial 0", AppendSerial(nil, &x509.Certificate{SerialNumber: big.NewInt(0)}), "00"},
		{"empty name", AppendDN(nil, []byte{0x30, 0}), ""},
		{"no name", AppendLegacyDN(nil, []byte("junk")), ""},
	} {
		if string(tt.got) != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.name, tt.got, tt.want)
		}
	}
}

func TestPEMVariables(t *testing.T) {
	list, err := LoadCA(readFile, "testdata/ec.crt")
	if err != nil {
		t.Fatal(err)
	}
	want := read(t, "ec.crt")
	if got := AppendPEM(nil, list[0]); string(got) != want {
		t.Errorf("raw:\n%s", got)
	}
	tabbed := strings.ReplaceAll(strings.TrimSuffix(want, "\n"), "\n", "\n\t")
	if got := AppendTabbedPEM([]byte("x"), list[0]); string(got) != "x"+tabbed {
		t.Errorf("tabbed:\n%s", got)
	}
	escaped := string(AppendEscapedPEM(nil, list[0]))
	plain, err := url.PathUnescape(escaped)
	if err != nil || plain != want || !strings.HasPrefix(escaped, "-----BEGIN%20CERTIFICATE-----%0A") || strings.ContainsAny(escaped, "+/=") {
		t.Errorf("escaped: %s", escaped)
	}
}

func TestTextUTF8(t *testing.T) {
	tests := []struct {
		tag   int
		bytes string
		want  string
		ok    bool
	}{
		{asn1.TagUTF8String, "M\xc3\xbc", "Mü", true},
		{asn1.TagT61String, "M\xfc", "Mü", true},
		{asn1.TagBMPString, "\x00M\x00\xfc\xd8\x3d\xde\x00", "Mü😀", true},
		{tagUniversalString, "\x00\x00\x00M\x00\x00\x00\xfc", "Mü", true},
		{asn1.TagInteger, "\x01", "", false},
	}
	for _, tt := range tests {
		got, ok := textUTF8(&asn1.RawValue{Tag: tt.tag, Bytes: []byte(tt.bytes)})
		if string(got) != tt.want || ok != tt.ok {
			t.Errorf("tag %d: %q, %v", tt.tag, got, ok)
		}
	}
}

// The results are X509_check_host's.
func TestCheckHost(t *testing.T) {
	tests := []struct {
		san, cn, name string
		want          bool
	}{
		{"", "cn.example", "cn.example", true},
		{"", "cn.example", "CN.EXAMPLE", true},
		{"", "cn.example", "x.example", false},
		{"", "cn.example", "", false},
		{"", "*.example.com", "a.example.com", true},
		{"", "*.example.com", "a.b.example.com", false},
		{"a.example", "cn.example", "a.example", true},
		{"a.example", "cn.example", "cn.example", false},
		{"a.example", "cn.example", "a.example.", false},
		{"*.example.com", "x", "A.Example.Com", true},
		{"*.example.com", "x", "a.b.example.com", false},
		{"*.example.com", "x", "example.com", false},
		{"f*.example.com", "x", "foo.example.com", true},
		{"f*.example.com", "x", "f.example.com", true},
		{"f*.example.com", "x", "bar.example.com", false},
		{"*o.example.com", "x", "foo.example.com", true},
		{"f*o.example.com", "x", "foo.example.com", false},
		{"*.com", "x", "a.com", false},
		{"*", "x", "a", false},
		{"a.*.com", "x", "a.b.com", false},
		{"*.*.example.com", "x", "a.b.example.com", false},
		{"xn--*.example.com", "x", "xn--abc.example.com", false},
		{"*.example.com", "x", "xn--abc.example.com", true},
		{"f*.example.com", "x", "fxn.example.com", true},
		{"*.example.com", "x", "-a.example.com", true},
		{"*.example.com", "x", "a_b.example.com", false},
		{"", "127.0.0.1", "127.0.0.1", true},
	}
	for _, tt := range tests {
		cert := issue(t, certSpec{cn: tt.cn, edit: func(c *x509.Certificate) {
			if tt.san != "" {
				c.DNSNames = []string{tt.san}
			}
		}}).cert
		if got := CheckHost(cert, tt.name); got != tt.want {
			t.Errorf("SAN %q, CN %q, name %q: %v", tt.san, tt.cn, tt.name, got)
		}
	}
}

func FuzzAppendDN(f *testing.F) {
	list, err := LoadCA(readFile, "testdata/dn.crt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list[0].RawSubject)
	f.Add([]byte{0x30, 0})
	f.Fuzz(func(t *testing.T, der []byte) {
		for _, c := range append(AppendDN(nil, der), AppendLegacyDN(nil, der)...) {
			if c < ' ' || c > '~' {
				t.Fatalf("byte %#x in a printed name", c)
			}
		}
	})
}
