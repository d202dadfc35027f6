package proxyproto

import (
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

const (
	inet     = "\x01\x02\x03\x04\x05\x06\x07\x08\x03\xe8\x01\xbb"
	loopback = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
	mapped   = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04"
	compat   = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04"
	global   = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x02"
	sslTLV   = "\x20\x00\x14\x01\x00\x00\x00\x07\x21\x00\x07TLSv1.3\x22\x00\x02cn"
	allTLVs  = "\x01\x00\x02h2\x02\x00\x0bexample.com" + sslTLV + "\xee\x00\x06custom"
)

// v2 is a version 2 header around body.
func v2(command, family byte, body string) string {
	return signature + string([]byte{command, family, byte(len(body) >> 8), byte(len(body))}) + body
}

// The answers to these were taken from nginx 1.31.5.
var readCases = []struct {
	name, in string
	want     string // addresses and ports, "-" for a header without
	err      string
}{
	{"tcp4", "PROXY TCP4 1.2.3.4 5.6.7.8 1000 443\r\n", "1.2.3.4 1000 5.6.7.8 443", ""},
	{"tcp6", "PROXY TCP6 2001:DB8::1 ::1 1 65535\r\n", "2001:DB8::1 1 ::1 65535", ""},
	{"unknown", "PROXY UNKNOWN\r\n", "-", ""},
	{"unknown with more", "PROXY UNKNOWN ffff 1 2\r\n", "-", ""},
	{"unknown glued", "PROXY UNKNOWNX\r\n", "-", ""},
	{"unknown without end", "PROXY UNKNOWN\r", "", `broken header: "PROXY UNKNOWN"`},
	{"odd addresses", "PROXY TCP4 ::.: abc.def 1 2\r\n", "::.: 1 abc.def 2", ""},
	{"empty addresses", "PROXY TCP4   1 2\r\n", " 1  2", ""},
	{"bad address", "PROXY TCP4 1.2.3.4x 5.6.7.8 1 2\r\n", "", `broken header: "PROXY TCP4 1.2.3.4x 5.6.7.8 1 2"`},
	{"port too large", "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n", "", `broken header: "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536"`},
	{"port empty", "PROXY TCP4 1.2.3.4 5.6.7.8  2\r\n", "", `broken header: "PROXY TCP4 1.2.3.4 5.6.7.8  2"`},
	{"port with zeros", "PROXY TCP4 1.2.3.4 5.6.7.8 0 0000002\r\n", "1.2.3.4 0 5.6.7.8 2", ""},
	{"port negative", "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n", "", `broken header: "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2"`},
	{"bare lf", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", "", `broken header: "PROXY TCP4 1.2.3.4 5.6.7.8 1 2"`},
	{"cr without lf", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rX", "", `broken header: "PROXY TCP4 1.2.3.4 5.6.7.8 1 2"`},
	{"udp", "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", "", `broken header: "PROXY UDP4 1.2.3.4 5.6.7.8 1 2"`},
	{"tcp5", "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n", "", `broken header: "PROXY TCP5 1.2.3.4 5.6.7.8 1 2"`},
	{"lower case", "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n", "", `broken header: "proxy TCP4 1.2.3.4 5.6.7.8 1 2"`},
	{"http", "GET / HTTP/1.0\r\n\r\n", "", `broken header: "GET / HTTP/1.0"`},
	{"incomplete", "PROXY TCP4 1.2.3.4", "", `broken header: "PROXY TCP4 1.2.3.4"`},
	{"nothing", "", "", `broken header: ""`},
	{"no limit on version 1", "PROXY TCP4 " + strings.Repeat("1", 200) + " 5.6.7.8 1 2\r\n", strings.Repeat("1", 200) + " 1 5.6.7.8 2", ""},

	{"v2 inet", v2(0x21, 0x11, inet), "1.2.3.4 1000 5.6.7.8 443", ""},
	{"v2 inet6", v2(0x21, 0x21, global+loopback+"\x03\xe8\x01\xbb"), "2001:db8::1:0:0:2 1000 ::1 443", ""},
	{"v2 mapped", v2(0x21, 0x21, mapped+compat+"\x03\xe8\x01\xbb"), "::ffff:1.2.3.4 1000 ::1.2.3.4 443", ""},
	{"v2 local", v2(0x20, 0x11, inet), "-", ""},
	{"v2 udp", v2(0x21, 0x12, inet), "-", ""},
	{"v2 unix", v2(0x21, 0x31, strings.Repeat("x", 216)), "-", ""},
	{"v2 unspecified", v2(0x21, 0x00, ""), "-", ""},
	{"v2 unknown command", v2(0x22, 0x11, inet), "-", ""},
	{"v2 version 1", v2(0x11, 0x11, inet), "", "unknown PROXY protocol version: 1"},
	{"v2 version 3", v2(0x31, 0x11, inet), "", "unknown PROXY protocol version: 3"},
	{"v2 short inet", v2(0x21, 0x11, inet[:11]), "", ErrShort.Error()},
	{"v2 short inet6", v2(0x21, 0x21, inet), "", ErrShort.Error()},
	{"v2 too large", v2(0x21, 0x11, inet)[:20], "", "header is too large"},
	{"v2 signature only", signature, "", `broken header: ""`},
	{"v2 with tlvs", v2(0x21, 0x11, inet+allTLVs), "1.2.3.4 1000 5.6.7.8 443", ""},
}

func TestRead(t *testing.T) {
	for _, c := range readCases {
		t.Run(c.name, func(t *testing.T) {
			var h Header
			in := []byte(c.in + "GET ")
			if c.err != "" {
				in = []byte(c.in)
			}
			n, err := Read(in, &h)
			if c.err != "" {
				if err == nil || err.Error() != c.err || n != 0 {
					t.Fatalf("%d, %v; want error %q", n, err, c.err)
				}
				return
			}
			if err != nil || n != len(c.in) {
				t.Fatalf("%d, %v; want %d", n, err, len(c.in))
			}
			if got := format(&h); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func format(h *Header) string {
	if !h.Present {
		return "-"
	}
	return strings.Join([]string{
		string(h.Source), netip.AddrPortFrom(netip.IPv4Unspecified(), h.SourcePort).String()[len("0.0.0.0:"):],
		string(h.Destination), netip.AddrPortFrom(netip.IPv4Unspecified(), h.DestinationPort).String()[len("0.0.0.0:"):],
	}, " ")
}

func TestHeaderAddr(t *testing.T) {
	var h Header
	if _, err := Read([]byte(v2(0x21, 0x21, mapped+global+"\x00\x01\x00\x02")), &h); err != nil {
		t.Fatal(err)
	}
	if got := h.SourceAddr(); got != netip.MustParseAddr("::ffff:1.2.3.4") {
		t.Errorf("source %v", got)
	}
	if got := h.DestinationAddr(); got != netip.MustParseAddr("2001:db8::1:0:0:2") {
		t.Errorf("destination %v", got)
	}
	if _, err := Read([]byte("PROXY TCP4 ::.: "+strings.Repeat("1", 200)+" 1 2\r\n"), &h); err != nil {
		t.Fatal(err)
	}
	if h.SourceAddr().IsValid() || h.DestinationAddr().IsValid() {
		t.Errorf("addresses of nonsense: %v %v", h.SourceAddr(), h.DestinationAddr())
	}
}

// TestIncomplete: every beginning of a valid header could be completed, and what
// can never become one is told apart.
func TestIncomplete(t *testing.T) {
	for _, in := range []string{
		"PROXY TCP4 1.2.3.4 5.6.7.8 1000 443\r\n",
		"PROXY UNKNOWN\r\n",
		v2(0x21, 0x11, inet+allTLVs),
	} {
		for i := range in {
			if !Incomplete([]byte(in[:i])) {
				t.Errorf("%q is a beginning", in[:i])
			}
		}
	}
	for _, in := range []string{
		"GET / HTTP/1.1\r\n",
		"PROXY TCP4 1.2.3.4 x\n",
		"PROXY " + strings.Repeat("1", MaxV1),
		v2(0x31, 0x11, "")[:16],
	} {
		if Incomplete([]byte(in)) {
			t.Errorf("%q is no beginning", in)
		}
	}
}

func TestTLV(t *testing.T) {
	for _, c := range []struct {
		name, tlvs, want string
		err              error
	}{
		{"alpn", allTLVs, "h2", nil},
		{"authority", allTLVs, "example.com", nil},
		{"ssl", allTLVs, sslTLV[3:], nil},
		{"ssl_version", allTLVs, "TLSv1.3", nil},
		{"ssl_cn", allTLVs, "cn", nil},
		{"ssl_verify", allTLVs, "7", nil},
		{"ssl_0x22", allTLVs, "cn", nil},
		{"0xee", allTLVs, "custom", nil},
		{"0xEE", allTLVs, "custom", nil},
		{"0x00ee", allTLVs, "custom", nil},
		{"0x1ee", allTLVs, "", ErrNoTLV},
		{"0x7fffffffffffffff", allTLVs, "", ErrNoTLV},
		{"0x8000000000000000", allTLVs, "", ErrInvalidTLV},
		{"0x", allTLVs, "", ErrInvalidTLV},
		{"0xg", allTLVs, "", ErrInvalidTLV},
		{"unique_id", allTLVs, "", ErrNoTLV},
		{"netns", "\x30\x00\x00", "", nil},
		{"ssl_cipher", allTLVs, "", ErrNoTLV},
		{"ssl_sig_alg", allTLVs, "", ErrNoTLV},
		{"ssl_key_alg", allTLVs, "", ErrNoTLV},
		{"ssl_cn", "\x01\x00\x02h2", "", ErrNoTLV},
		{"ssl_cn", "\x20\x00\x02\x01\x00", "", ErrNoTLV},
		{"ssl_nope", allTLVs, "", ErrUnknownTLV},
		{"nope", allTLVs, "", ErrUnknownTLV},
		{"", allTLVs, "", ErrUnknownTLV},
		{"alpn", "\x01\x00\x02h2\xee\x00", "h2", nil},
		{"authority", "\x01\x00\x02h2\xee\x00", "", ErrBrokenTLV},
		{"alpn", "\x01\x00\x09h2", "", ErrBrokenTLV},
	} {
		ref, err := ParseTLVName(c.name)
		var got []byte
		if err == nil {
			got, err = ref.Lookup(make([]byte, 0, 10), []byte(c.tlvs))
		}
		if !errors.Is(err, c.err) || string(got) != c.want {
			t.Errorf("%s in %q: %q, %v; want %q, %v", c.name, c.tlvs, got, err, c.want, c.err)
		}
	}
}

// TestAppend compares with what nginx 1.31.5 sent over loopback.
func TestAppend(t *testing.T) {
	ap := netip.MustParseAddrPort
	tls := TLS{
		Authority: "example.com", ALPN: "h2", Version: "TLSv1.2", Cipher: "ECDHE-RSA-AES256-GCM-SHA384",
		SigAlg: "RSA-SHA256", KeyAlg: "RSA2048",
	}
	withCert := tls
	withCert.Cert, withCert.CN, withCert.Verify = true, "example.com", 18
	none := netip.AddrPort{}

	for _, c := range []struct {
		name string
		got  []byte
		want string
	}{
		{"v1", AppendV1(nil, ap("127.0.0.1:40001"), ap("127.0.0.1:18961")), "PROXY TCP4 127.0.0.1 127.0.0.1 40001 18961\r\n"},
		{"v1 inet6", AppendV1(nil, ap("[::1]:40002"), ap("[::1]:18961")), "PROXY TCP6 ::1 ::1 40002 18961\r\n"},
		{"v1 mapped", AppendV1(nil, ap("[::ffff:1.2.3.4]:1"), ap("[::1%lo]:2")), "PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2\r\n"},
		{"v1 unix", AppendV1(nil, none, none), "PROXY UNKNOWN\r\n"},
		{"v2", AppendV2(nil, ap("127.0.0.1:40003"), ap("127.0.0.1:18962"), false, nil), unhex("0d0a0d0a000d0a515549540a211100137f0000017f0000019c434a1203000407e3ad08")},
		{"v2 inet6", AppendV2(nil, ap("[::1]:40004"), ap("[::1]:18962"), false, nil), unhex("0d0a0d0a000d0a515549540a2121002b00000000000000000000000000000001000000000000000000000000000000019c444a1203000433572cdd")},
		{"v2 unix", AppendV2(nil, none, none, false, nil), unhex("0d0a0d0a000d0a515549540a20000007030004a9b87e8f")},
		{"v2 tls", AppendV2(nil, ap("127.0.0.1:40005"), ap("127.0.0.1:18963"), false, &tls), unhex("0d0a0d0a000d0a515549540a2111006d7f0000017f0000019c454a1302000b6578616d706c652e636f6d01000268322000440100000001210007544c5376312e3223001b45434448452d5253412d4145533235362d47434d2d53484133383424000a5253412d534841323536250007525341323034380300044ad318ff")},
		{"v2 tls certificate", AppendV2(nil, ap("127.0.0.1:40006"), ap("127.0.0.1:18963"), false, &withCert), unhex("0d0a0d0a000d0a515549540a2111007b7f0000017f0000019c464a1302000b6578616d706c652e636f6d01000268322000520700000012210007544c5376312e3222000b6578616d706c652e636f6d23001b45434448452d5253412d4145533235362d47434d2d53484133383424000a5253412d5348413235362500075253413230343803000439be5f7e")},
	} {
		if string(c.got) != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, c.got, c.want)
		}
	}
}

func unhex(s string) string {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestAppendV2Families: what is read again is what was written, in the family
// nginx chooses.
func TestAppendV2Families(t *testing.T) {
	for _, c := range []struct{ src, dst, want string }{
		{"1.2.3.4:1", "[2001:db8::1]:2", "::ffff:1.2.3.4 1 2001:db8::1 2"},
		{"[2001:db8::1]:1", "1.2.3.4:2", "2001:db8::1 1 ::ffff:1.2.3.4 2"},
		{"[::ffff:1.2.3.4]:1", "[::ffff:5.6.7.8]:2", "1.2.3.4 1 5.6.7.8 2"},
		{"1.2.3.4:1", "[::ffff:5.6.7.8]:2", "::ffff:1.2.3.4 1 ::ffff:5.6.7.8 2"},
	} {
		b := AppendV2([]byte("x"), netip.MustParseAddrPort(c.src), netip.MustParseAddrPort(c.dst), false, nil)
		var h Header
		if n, err := Read(b[1:], &h); err != nil || n != len(b)-1 || format(&h) != c.want {
			t.Errorf("%s %s: %d, %v, %q; want %q", c.src, c.dst, n, err, format(&h), c.want)
		}
	}
	b := AppendV2(nil, netip.MustParseAddrPort("1.2.3.4:1"), netip.MustParseAddrPort("1.2.3.4:2"), true, nil)
	if b[13] != 0x12 {
		t.Errorf("datagram: %#x", b[13])
	}
}

func TestAllocs(t *testing.T) {
	v1, bin := []byte("PROXY TCP4 1.2.3.4 5.6.7.8 1000 443\r\n"), []byte(v2(0x21, 0x11, inet+allTLVs))
	ref, err := ParseTLVName("ssl_verify")
	if err != nil {
		t.Fatal(err)
	}
	var h Header
	scratch := make([]byte, 0, 256)
	ap := netip.MustParseAddrPort("[2001:db8::1]:2")
	if n := testing.AllocsPerRun(100, func() {
		_, _ = Read(v1, &h)
		_, _ = Read(bin, &h)
		_, _ = ref.Lookup(scratch, h.TLVs)
		AppendV1(scratch, ap, ap)
		AppendV2(scratch, ap, ap, false, nil)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzRead(f *testing.F) {
	for _, c := range readCases {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var h Header
		n, err := Read(b, &h)
		if err != nil {
			return
		}
		if n <= 0 || n > len(b) {
			t.Fatalf("n = %d of %d", n, len(b))
		}
		want := format(&h)
		for _, name := range []string{"alpn", "ssl_cn", "ssl_verify", "0xee"} {
			ref, err := ParseTLVName(name)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = ref.Lookup(nil, h.TLVs)
		}
		for i := range n {
			if m, err := Read(b[:i], &h); err == nil {
				t.Fatalf("%q, a beginning of %q, is read as %d", b[:i], b[:n], m)
			}
		}
		if m, err := Read(b[:n], &h); err != nil || m != n || format(&h) != want {
			t.Fatalf("%q without what follows: %d, %v", b[:n], m, err)
		}
	})
}

func BenchmarkReadV1(b *testing.B) {
	in := []byte("PROXY TCP4 192.168.100.200 10.11.12.13 54321 443\r\n")
	var h Header
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(in, &h); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadV2(b *testing.B) {
	in := []byte(v2(0x21, 0x11, inet+allTLVs))
	var h Header
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(in, &h); err != nil {
			b.Fatal(err)
		}
	}
}

// TestIncompleteIsBounded: a length that cannot be in what is read at most is
// not waited for.
func TestIncompleteIsBounded(t *testing.T) {
	for _, tc := range []struct {
		name   string
		length int
		want   bool
	}{
		{"fits", MaxHeader - v2Header, true},
		{"one more", MaxHeader - v2Header + 1, false},
		{"largest", 65535, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := append([]byte(signature), 0x21, 0x11, byte(tc.length>>8), byte(tc.length))
			if got := Incomplete(b); got != tc.want {
				t.Errorf("%v", got)
			}
			if _, err := Read(b, new(Header)); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%v", err)
			}
		})
	}
}
