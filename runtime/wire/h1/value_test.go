package h1

import (
	"strings"
	"testing"
	"time"
)

func TestParseContentLength(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "007": 7, "9223372036854775807": 1<<63 - 1,
		"": -1, "-1": -1, "+1": -1, "1 ": -1, "0x1": -1, "1,1": -1, "9223372036854775808": -1,
		"99999999999999999999": -1,
	} {
		got, ok := ParseContentLength([]byte(in))
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func TestConnectionOption(t *testing.T) {
	for in, want := range map[string]ConnectionType{
		"close": ConnectionClose, "Keep-Alive": ConnectionKeepAlive, "upgrade, CLOSE": ConnectionClose,
		"keep-alive, close": ConnectionClose, "xclosed": ConnectionClose, "": ConnectionUnset,
		"upgrade": ConnectionUnset, "clos": ConnectionUnset, "keep-aliv": ConnectionUnset,
	} {
		if got := ConnectionOption([]byte(in)); got != want {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}

func TestIndexFold(t *testing.T) {
	for _, c := range []struct {
		v, token string
		want     int
	}{
		{"max-age=1", "max-age=", 0},
		{"public, MAX-age=1", "max-age=", 8},
		{"mmax", "max", 1},
		{"ma", "max", -1},
		{"", "x", -1},
		{"max-age", "max-age=", -1},
		{"x", "", 0},
	} {
		if got := IndexFold([]byte(c.v), c.token); got != c.want || ContainsFold([]byte(c.v), c.token) != (c.want >= 0) {
			t.Errorf("%q in %q: %d, want %d", c.token, c.v, got, c.want)
		}
	}
}

func TestHasToken(t *testing.T) {
	for in, want := range map[string]bool{
		"trailers": true, "Trailers": true, "gzip, trailers": true, "trailers ,x": true, "a,trailers": true,
		"": false, "trailer": false, "xtrailers": false, "trailers;q=1": false, "a trailers": false,
	} {
		if got := HasToken([]byte(in), "trailers"); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
}

func TestListValue(t *testing.T) {
	for _, c := range []struct {
		in, name string
		sep      byte
		want     string
		ok       bool
	}{
		{"a=1; b=2", "b", ';', "2", true},
		{"A = 1 ;b=2", "a", ';', "1 ", true},
		{"ab=1; a=2", "a", ';', "2", true},
		{"a=", "a", ';', "", true},
		{"a=1=2", "a", ';', "1=2", true},
		{"a=1,b", "a", ',', "1", true},
		{"a; a=1", "a", ';', "", false}, // as nginx
		{"a", "a", ';', "", false},
		{"", "a", ';', "", false},
		{"b=a=1", "a", ';', "", false},
	} {
		got, ok := ListValue([]byte(c.in), c.name, c.sep)
		if string(got) != c.want || ok != c.ok {
			t.Errorf("%s in %q: %q %v", c.name, c.in, got, ok)
		}
	}
}

func TestArgValue(t *testing.T) {
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{"a=1", "1", true},
		{"b=2&A=1&a=3", "1", true},
		{"a&a=1", "1", true},
		{"a=", "", true},
		{"aa=1&a=b=c", "b=c", true},
		{"a", "", false},
		{"", "", false},
		{"ba=1", "", false},
		{"?a=1", "", false},
	} {
		got, ok := ArgValue([]byte(c.in), "a")
		if string(got) != c.want || ok != c.ok {
			t.Errorf("%q: %q %v", c.in, got, ok)
		}
	}
}

// TestEscapeURI: which bytes of each kind are escaped.
func TestEscapeURI(t *testing.T) {
	const (
		controls = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"
		printing = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
	)
	high := "\x7f"
	for c := 0x80; c < 0x100; c++ {
		high += string([]byte{byte(c)})
	}
	for kind, want := range map[EscapeKind]string{
		ForURI:       controls + " \"#%<>?\\^`{|}" + high,
		ForArgs:      controls + " \"#%&+;<>?\\^`{|}" + high,
		ForComponent: controls + " !\"#$%&'()*+,/:;<=>?@[\\]^`{|}" + high,
		ForHTML:      controls + " \"#%'<>\\^`{|}" + high,
		ForRefresh:   controls + " \"'<>\\^`{|~" + high,
		ForMemcached: controls + " %",
		ForXtext:     controls + " +=" + high,
	} {
		got := ""
		for _, c := range []byte(controls + printing + high) {
			e := string(EscapeURI(nil, []byte{c}, kind))
			if CountEscapes([]byte{c}, kind) != (len(e)-1)/2 {
				t.Errorf("kind %d: count of %q", kind, c)
			}
			if e != string([]byte{c}) {
				got += string([]byte{c})
			}
		}
		if got != want {
			t.Errorf("kind %d:\n got %q\nwant %q", kind, got, want)
		}
	}
	if got := string(EscapeURI([]byte("x"), []byte("a \xe9"), ForURI)); got != "xa%20%E9" {
		t.Errorf("%q", got)
	}
	if got := string(EscapeURI(nil, []byte("a="), ForXtext)); got != "a+3D" {
		t.Errorf("%q", got)
	}
}

func TestUnescapeURI(t *testing.T) {
	for _, c := range []struct {
		in   string
		kind UnescapeKind
		want string
		n    int
	}{
		{"a%20b%2fc%3Fd?e%", UnescapePlain, "a b/c?d?e", 16},
		{"%zz%4z%4", UnescapePlain, "zz", 8},
		{"a%20b?c%20", UnescapePath, "a b?", 6},
		{"a%3fb", UnescapePath, "a?", 4},
		{"a%3fb", UnescapeRedirect, "a?", 4},
		{"a?b", UnescapeRedirect, "a?", 2},
		{"%41%20%25%7f%e9%7E", UnescapeRedirect, "A%20%25%7f%e9~", 18},
	} {
		got, n := UnescapeURI(nil, []byte(c.in), c.kind)
		if string(got) != c.want || n != c.n {
			t.Errorf("%q, kind %d: %q %d, want %q %d", c.in, c.kind, got, n, c.want, c.n)
		}
		b := []byte(c.in)
		if got, _ := UnescapeURI(b[:0], b, c.kind); string(got) != c.want {
			t.Errorf("%q in place: %q", c.in, got)
		}
	}
}

func TestEscapeText(t *testing.T) {
	if got := string(EscapeHTML(nil, []byte("<a href=\"x\">'&\xff"))); got != "&lt;a href=&quot;x&quot;&gt;'&amp;\xff" {
		t.Errorf("%q", got)
	}
	if got := string(EscapeJSON(nil, []byte("\"\\/\n\r\t\b\f\x00\x1f\x7f\xff"))); got != `\"\\/\n\r\t\b\f\u0000\u001F`+"\x7f\xff" {
		t.Errorf("%q", got)
	}
}

func TestParseHTTPDate(t *testing.T) {
	const want = 784111777
	for in, want := range map[string]int64{
		"Sun, 06 Nov 1994 08:49:37 GMT":  want,
		"Sunday, 06-Nov-94 08:49:37 GMT": want,
		"Sun Nov  6 08:49:37 1994":       want,
		"Sun Nov 6 08:49:37 1994":        want,
		"Sun Nov 06 08:49:37 1994":       want,
		"x,06 Nov 1994 08:49:37":         want,
		"Mon, 06 Nov 1994 08:49:37 PST":  want,
		"Sun, 06 Nxx 1994 08:49:37junk":  want,
		"Thu, 01 Jan 1970 00:00:00 GMT":  0,
		"Thu, 01-Jan-70 00:00:00 GMT":    0,
		"Fri, 01-Jan-69 00:00:00 GMT":    3124224000,
		"Tue, 29 Feb 2000 00:00:00 GMT":  951782400,
		"Sun, 00 Mar 2000 00:00:00 GMT":  951782400,
	} {
		if got, ok := ParseHTTPDate([]byte(in)); !ok || got != want {
			t.Errorf("%q: %d %v, want %d", in, got, ok, want)
		}
	}
	for _, in := range []string{
		"", "Sun", "Sun,", "Sun, ", ",", " ", "784111777", "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:3",
		"Sun, 31 Apr 1994 08:49:37 GMT", "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:60 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 06 XXX 1994 08:49:37 GMT", "Sun, 06/Nov/1994 08:49:37 GMT", "Sun, 06-Nov 94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 199", "Sun Nov x6 08:49:37 1994", "Sun, 06 Nov 1994 08.49:37 GMT",
		"Wed, 31 Dec 1969 23:59:59 GMT",
	} {
		if got, ok := ParseHTTPDate([]byte(in)); ok {
			t.Errorf("%q: %d", in, got)
		}
	}
}

func TestAppendDate(t *testing.T) {
	for unix, want := range map[int64][2]string{
		784111777:    {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT"},
		0:            {"Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01-Jan-70 00:00:00 GMT"},
		-5:           {"Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01-Jan-70 00:00:00 GMT"},
		2145916555:   {"Thu, 31 Dec 2037 23:55:55 GMT", "Thu, 31-Dec-37 23:55:55 GMT"},
		2145916800:   {"Fri, 01 Jan 2038 00:00:00 GMT", "Fri, 01-Jan-2038 00:00:00 GMT"},
		maxDate:      {"Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31-Dec-9999 23:59:59 GMT"},
		maxDate + 10: {"Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31-Dec-9999 23:59:59 GMT"},
	} {
		if got := string(AppendHTTPDate(nil, unix)); got != want[0] {
			t.Errorf("%d: %q, want %q", unix, got, want[0])
		}
		if got := string(AppendCookieDate(nil, unix)); got != want[1] {
			t.Errorf("%d: %q, want %q", unix, got, want[1])
		}
	}
	for unix := int64(0); unix < maxDate; unix += 86400*365/7 + 12345 {
		got := string(AppendHTTPDate(nil, unix))
		if want := time.Unix(unix, 0).UTC().Format(time.RFC1123); strings.TrimSuffix(got, "GMT") != strings.TrimSuffix(want, "UTC") {
			t.Fatalf("%d: %q, want %q", unix, got, want)
		}
		if back, ok := ParseHTTPDate([]byte(got)); !ok || back != unix {
			t.Fatalf("%q: %d, want %d", got, back, unix)
		}
	}
}
