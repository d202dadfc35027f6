package h1_test

import (
	"bytes"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"github.com/sluiceproxy/sluice/runtime/wire/h1/h1test"
)

// seed adds cut(input) for each of nginx's cases.
func seed(f *testing.F, cut func(in []byte) []byte) {
	cases, err := h1test.Cases()
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add(cut([]byte(c.Input)))
	}
}

// behindLine is what follows the first line of in.
func behindLine(in []byte) []byte { return in[bytes.IndexByte(in, '\n')+1:] }

// FuzzRequestLine: a line is consumed within the input, every beginning of it is
// incomplete, what follows it does not matter, and an error stays an error with
// more behind it.
func FuzzRequestLine(f *testing.F) {
	seed(f, func(in []byte) []byte { return in })
	f.Fuzz(func(t *testing.T, in []byte) {
		var rl, cut h1.RequestLine
		n, st := h1.ParseRequestLine(in, &rl)
		if n < 0 || n > len(in) {
			t.Fatalf("%q: n = %d", in, n)
		}
		if st == h1.OK {
			if _, st := h1.ParseRequestLine(in[:n], &cut); st != h1.OK || !bytes.Equal(cut.Line, rl.Line) {
				t.Fatalf("%q alone: %v", in[:n], st)
			}
			var p h1.Path
			dst := make([]byte, 0, len(rl.Target)+1)
			if h1.NormalizePath(dst, rl.Target, true, &p) == h1.OK && cap(p.Path) != cap(dst) {
				t.Fatalf("%q outgrows its buffer: %q", rl.Target, p.Path)
			}
		}
		for i := range n {
			if _, st := h1.ParseRequestLine(in[:i], &cut); st != h1.Again {
				t.Fatalf("%q, a beginning of %q: %v", in[:i], in, st)
			}
		}
		if st == h1.Again {
			return
		}
		more := append(bytes.Clone(in), " /x HTTP/1.1\r\n"...)
		if n2, st2 := h1.ParseRequestLine(more, &cut); n2 != n || st2 != st {
			t.Fatalf("%q: %d %v, with more behind it %d %v", in, n, st, n2, st2)
		}
	})
}

// FuzzHeaderLine: as FuzzRequestLine, for header lines.
func FuzzHeaderLine(f *testing.F) {
	seed(f, behindLine)
	f.Add([]byte("HTTP/1.1 200 OK\r\nA_b: c \r\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, opts := range []h1.HeaderOptions{{}, {UnderscoresInHeaders: true, Upstream: true}} {
			var fld, cut h1.HeaderLine
			n, st := h1.ParseHeaderLine(in, &fld, opts)
			if n < 0 || n > len(in) || st == h1.Again && n != 0 {
				t.Fatalf("%q: %d %v", in, n, st)
			}
			for i := range n {
				if _, st := h1.ParseHeaderLine(in[:i], &cut, opts); st != h1.Again {
					t.Fatalf("%q, a beginning of %q: %v", in[:i], in, st)
				}
			}
			if st == h1.Again {
				continue
			}
			more := append(bytes.Clone(in), "x\r\n"...)
			n2, st2 := h1.ParseHeaderLine(more, &cut, opts)
			if n2 != n || st2 != st || !bytes.Equal(cut.Name, fld.Name) || !bytes.Equal(cut.Value, fld.Value) ||
				!bytes.Equal(cut.Line, fld.Line) || cut.ID != fld.ID || cut.Invalid != fld.Invalid {
				t.Fatalf("%q: %d %v, with more behind it %d %v", in, n, st, n2, st2)
			}
		}
	})
}

// FuzzStatusLine: as FuzzRequestLine, for status lines.
func FuzzStatusLine(f *testing.F) {
	for _, s := range []string{"HTTP/1.1 200 OK\r\n", "HTTP/1.0 404\n", "HTTP/2.0 403.1 x\r\n", "HTTP/1.1  \r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var sl, cut h1.StatusLine
		n, st := h1.ParseStatusLine(in, &sl)
		if n < 0 || n > len(in) || st == h1.Again && n != 0 {
			t.Fatalf("%q: %d %v", in, n, st)
		}
		if st == h1.OK && (sl.Code < 0 || sl.Code > 999) {
			t.Fatalf("%q: code %d", in, sl.Code)
		}
		for i := range n {
			if _, st := h1.ParseStatusLine(in[:i], &cut); st != h1.Again {
				t.Fatalf("%q, a beginning of %q: %v", in[:i], in, st)
			}
		}
	})
}

// FuzzPath: a normalised path begins with a slash, does not lead upwards, and
// comes out of a second pass, once escaped, as it is.
func FuzzPath(f *testing.F) {
	seed(f, func(in []byte) []byte {
		var rl h1.RequestLine
		h1.ParseRequestLine(in, &rl)
		return rl.Target
	})
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) == 0 || in[0] != '/' {
			in = append([]byte("/"), in...)
		}
		h1.ParseUnsafeURI(nil, in)
		var p, again h1.Path
		if h1.NormalizePath(nil, in, true, &p) != h1.OK {
			return
		}
		if len(p.Path) == 0 || p.Path[0] != '/' || len(p.Path) > len(in) {
			t.Fatalf("%q: %q", in, p.Path)
		}
		for _, part := range []string{"//", "/./", "/../", "\x00"} {
			// a NUL can only come unencoded, which the request line refuses
			if bytes.Contains(p.Path, []byte(part)) && (part != "\x00" || bytes.IndexByte(in, 0) < 0) {
				t.Fatalf("%q: %q in %q", in, part, p.Path)
			}
		}
		if bytes.HasSuffix(p.Path, []byte("/..")) || bytes.HasSuffix(p.Path, []byte("/.")) {
			t.Fatalf("%q: %q", in, p.Path)
		}
		if bytes.IndexByte(p.Path, 0) >= 0 {
			return
		}
		escaped := h1.EscapeURI(nil, p.Path, h1.ForURI)
		if st := h1.NormalizePath(nil, escaped, true, &again); st != h1.OK || !bytes.Equal(again.Path, p.Path) {
			t.Fatalf("%q: %q, again %v %q", in, p.Path, st, again.Path)
		}
	})
}

// FuzzHost: a host that is accepted has nothing in it that could be taken for
// the end of a host, and is accepted again as it is.
func FuzzHost(f *testing.F) {
	for _, s := range []string{"Example.com.:80", "[::1]:443", "a..b", "[::1", "a_b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		host, port, ok := h1.ValidateHost(nil, in)
		if !ok {
			return
		}
		if port < 0 || port > 65535 || bytes.ContainsAny(host, "/\\ @?#\x00\r\nABCXYZ") {
			t.Fatalf("%q: %q %d", in, host, port)
		}
		if again, _, ok := h1.ValidateHost(nil, host); !ok || !bytes.Equal(again, host) {
			t.Fatalf("%q: %q, again %q %v", in, host, again, ok)
		}
	})
}

// FuzzDate: what is read is written so that it reads the same.
func FuzzDate(f *testing.F) {
	for _, s := range []string{
		"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		unix, ok := h1.ParseHTTPDate(in)
		if !ok || unix < 0 {
			return
		}
		out := h1.AppendHTTPDate(nil, unix)
		if again, ok := h1.ParseHTTPDate(out); !ok || again != unix {
			t.Fatalf("%q: %d, written %q, read %d %v", in, unix, out, again, ok)
		}
	})
}

// FuzzValues: the small parsers, and escaping there and back.
func FuzzValues(f *testing.F) {
	seed(f, behindLine)
	f.Fuzz(func(t *testing.T, in []byte) {
		h1.LookupField(in)
		h1.ParseContentLength(in)
		h1.ConnectionOption(in)
		h1.HasToken(in, "trailers")
		h1.ListValue(in, "a", ';')
		h1.ArgValue(in, "a")
		h1.EscapeHTML(nil, in)
		h1.EscapeJSON(nil, in)
		for kind := h1.ForURI; kind <= h1.ForXtext; kind++ {
			escaped := h1.EscapeURI(nil, in, kind)
			if len(escaped) != len(in)+2*h1.CountEscapes(in, kind) {
				t.Fatalf("kind %d: %q has %d escapes", kind, in, h1.CountEscapes(in, kind))
			}
			if kind == h1.ForRefresh || kind == h1.ForXtext {
				continue // leave '%' alone
			}
			if back, _ := h1.UnescapeURI(nil, escaped, h1.UnescapePlain); !bytes.Equal(back, in) {
				t.Fatalf("kind %d: %q, back %q", kind, in, back)
			}
		}
		for kind := h1.UnescapePlain; kind <= h1.UnescapeRedirect; kind++ {
			if out, n := h1.UnescapeURI(nil, in, kind); len(out) > n || n > len(in) {
				t.Fatalf("kind %d: %d of %d, %q", kind, n, len(in), out)
			}
		}
	})
}
