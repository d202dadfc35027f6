package h1

import (
	"bytes"
	"strings"
	"testing"
)

func TestParseHeaderLine(t *testing.T) {
	upstream := HeaderOptions{UnderscoresInHeaders: true, Upstream: true}
	for _, c := range []struct {
		name, in string
		opts     HeaderOptions
		n        int
		st       Status
		key      string
		value    string
		line     string
		id       FieldID
		invalid  bool
	}{
		{name: "plain", in: "hOST: a b  \r\nx", n: 13, key: "hOST", value: "a b", line: "hOST: a b", id: Host},
		{name: "without colon", in: "Host\r\n", n: 6, key: "Host", line: "Host", id: Host},
		{name: "empty", in: "Host:  \n", n: 8, key: "Host", line: "Host:  ", id: Host},
		{name: "several cr", in: "A: b \r\r\n", n: 8, key: "A", value: "b", line: "A: b"},
		{name: "invalid name", in: "A.B: c\r\n", n: 8, key: "A.B", value: "c", line: "A.B: c", invalid: true},
		{name: "underscore", in: "A_B: c\r\n", n: 8, key: "A_B", value: "c", line: "A_B: c", invalid: true},
		{name: "underscore allowed", in: "A_B: c\r\n", opts: HeaderOptions{UnderscoresInHeaders: true}, n: 8, key: "A_B", value: "c", line: "A_B: c"},
		{name: "end", in: "\r\nx", n: 2, st: Done},
		{name: "end lf", in: "\nx", n: 1, st: Done},
		{name: "nothing", in: "", st: Again},
		{name: "cr", in: "\r", st: Again},
		{name: "name", in: "Host", st: Again},
		{name: "value", in: "Host: a", st: Again, key: "Host"},
		{name: "value cr", in: "Host: a\r", st: Again, key: "Host"},
		{name: "repeated status line", in: "HTTP/1.1 200 OK\r\nA: b\r\n", opts: upstream, n: 23, key: "A", value: "b", line: "A: b"},
		{name: "repeated status line incomplete", in: "HTTP/1.1 200 OK\r\n", opts: upstream, st: Again},
		{name: "repeated status line from a client", in: "HTTP/1.1 200 OK\r\n", n: 8, st: InvalidHeader, line: "HTTP/1.1"},
		{name: "slash from an upstream", in: "HTTPS/1: x\r\n", opts: upstream, n: 12, key: "HTTPS/1", value: "x", line: "HTTPS/1: x", invalid: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f HeaderLine
			n, st := ParseHeaderLine([]byte(c.in), &f, c.opts)
			if n != c.n || st != c.st {
				t.Errorf("%d %v, want %d %v", n, st, c.n, c.st)
			}
			if string(f.Name) != c.key || string(f.Value) != c.value || string(f.Line) != c.line || f.ID != c.id || f.Invalid != c.invalid {
				t.Errorf("got %q %q %q %v %v", f.Name, f.Value, f.Line, f.ID, f.Invalid)
			}
		})
	}
}

// TestInvalidHeader: line and byte as nginx logs them.
func TestInvalidHeader(t *testing.T) {
	for _, c := range []struct {
		in, line string
		bad      byte
		n        int
	}{
		{" A: b", "", ' ', 0},
		{": b", "", ':', 0},
		{"\rA", "", '\r', 1},
		{"A b: c", "A", ' ', 1},
		{"A\x7f: c", "A", 0x7f, 1},
		{"A: b\x00c\r\n", "A: b", 0, 4},
		{"A: b \x00", "A: b ", 0, 5},
		{"A:\x00", "A:", 0, 2},
		{"A: b \rc", "A: b", ' ', 6},
		{"A: b\r\r\x00", "A: b", '\r', 6},
		{"A: \rc\r\n", "A: ", '\r', 4},
		{"A: " + strings.Repeat("b", 50) + "\rc\r\n", "A: " + strings.Repeat("b", 50), '\r', 54},
		{"A\rb", "A", '\r', 2},
	} {
		var f HeaderLine
		n, st := ParseHeaderLine([]byte(c.in), &f, HeaderOptions{})
		if st != InvalidHeader || n != c.n || string(f.Line) != c.line || f.Bad != c.bad {
			t.Errorf("%q: %d %v, %q %q; want %d, %q %q", c.in, n, st, f.Line, f.Bad, c.n, c.line, c.bad)
		}
	}
}

func TestLookupField(t *testing.T) {
	for id := UnknownField + 1; id < NumFields; id++ {
		name := id.String()
		if name == "" {
			t.Errorf("%d has no name", id)
			continue
		}
		for _, s := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			if got := LookupField([]byte(s)); got != id {
				t.Errorf("%s is %v", s, got)
			}
		}
		for _, s := range []string{name + "x", name[1:], strings.Replace(name, "-", "\r", 1) + "\x00"} {
			if got := LookupField([]byte(s)); got != UnknownField {
				t.Errorf("%q is %v", s, got)
			}
		}
	}
	if LookupField(nil) != UnknownField || UnknownField.String() != "" || FieldID(255).String() != "" {
		t.Error("the unknown field has a name")
	}
	if got := LookupField([]byte("WWW\rAuthenticate")); got != UnknownField {
		t.Errorf("CR is taken for a hyphen: %v", got)
	}
}

func TestParseStatusLine(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		st   Status
		text string
		code int
		ver  int
	}{
		{"HTTP/1.1 200 OK\r\nA", 17, OK, "200 OK", 200, 1001},
		{"HTTP/1.0 404\n", 13, OK, "404", 404, 1000},
		{"HTTP/2.0 403.1 x\r\n", 18, OK, "403.1 x", 403, 2000},
		{"HTTP/1.1   000 \xff\x00\r\n", 19, OK, "000 \xff\x00", 0, 1001},
		{"HTTP/1.1 2 00 OK\r\n", 18, OK, " 00 OK", 200, 1001},
		{"HTTP/999.999 999\n", 17, OK, "999", 999, 999999},
		{in: "HTTP/1.1 20", st: Again},
		{in: "HTTP/1.1 200", st: Again},
		{in: "HTTP/1.1 200 OK\r", st: Again},
		{in: "HT", st: Again},
		{in: "", st: Again},
		{in: "HTTP/1.1  \r\n", n: 10, st: InvalidStatusLine},
		{in: "HTTP/1.1\r\n", n: 8, st: InvalidStatusLine},
		{in: "HTTP/0.9 200\r\n", n: 5, st: InvalidStatusLine},
		{in: "HTTP/1000.1 200\r\n", n: 8, st: InvalidStatusLine},
		{in: "HTTP/1.1 2000 OK\r\n", n: 12, st: InvalidStatusLine},
		{in: "HTTP/1.1 200 O\rK", n: 15, st: InvalidStatusLine},
		{in: "http/1.1 200 OK\r\n", st: InvalidStatusLine},
		{in: "<html>", st: InvalidStatusLine},
	} {
		var sl StatusLine
		n, st := ParseStatusLine([]byte(c.in), &sl)
		if n != c.n || st != c.st {
			t.Errorf("%q: %d %v, want %d %v", c.in, n, st, c.n, c.st)
		}
		if st == OK && (string(sl.Text) != c.text || sl.Code != c.code || sl.Version() != c.ver) {
			t.Errorf("%q: %q %d %d, want %q %d %d", c.in, sl.Text, sl.Code, sl.Version(), c.text, c.code, c.ver)
		}
	}
}

// TestKnownNames: a well-known name is found in any case, with input that ends anywhere, and nothing else is.
func TestKnownNames(t *testing.T) {
	for id := UnknownField + 1; id < NumFields; id++ {
		name := id.String()
		for _, sent := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			line := sent + ": a value\r\n"
			var f HeaderLine
			if n, st := ParseHeaderLine([]byte(line), &f, HeaderOptions{}); st != OK || n != len(line) || f.ID != id ||
				string(f.Name) != sent || string(f.Value) != "a value" || string(f.Line) != sent+": a value" || f.Invalid {
				t.Errorf("%s: %v, %d bytes, %+v", sent, st, n, f)
			}
			for cut := range len(line) {
				if n, st := ParseHeaderLine([]byte(line[:cut]), &f, HeaderOptions{}); st != Again || n != 0 {
					t.Errorf("%q: %v, %d bytes", line[:cut], st, n)
				}
			}
		}
		for _, other := range []string{name[1:], name + "x", name + " ", "x" + name} {
			var f HeaderLine
			if ParseHeaderLine([]byte(other+": v\r\n"), &f, HeaderOptions{}); f.ID != LookupField([]byte(other)) {
				t.Errorf("%q is taken for %v", other, f.ID)
			}
		}
	}
}

// TestBadValue: a CR or NUL is found wherever it is in a value of any length.
func TestBadValue(t *testing.T) {
	for n := range 80 {
		good := bytes.Repeat([]byte{0x8d}, n) // CR but for its highest bit
		if hasCROrNUL(good) {
			t.Errorf("%d bytes without", n)
		}
		for i := range good {
			for _, c := range []byte{'\r', 0} {
				bad := bytes.Clone(good)
				bad[i] = c
				if !hasCROrNUL(bad) {
					t.Errorf("%d bytes, %d at %d", n, c, i)
				}
			}
		}
	}
}
