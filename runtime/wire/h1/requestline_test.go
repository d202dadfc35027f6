package h1

import "testing"

// TestParseRequestLine checks what nginx has no variable for; the rest is in
// nginx_test.go.
func TestParseRequestLine(t *testing.T) {
	for _, c := range []struct {
		name, in string
		n        int
		st       Status
		want     RequestLine
	}{
		{
			"plain", "GET /a/b.html?c=d HTTP/1.1\r\nHost", 28, OK,
			RequestLine{
				Line: b("GET /a/b.html?c=d HTTP/1.1"), Method: b("GET"), MethodID: Get,
				Target: b("/a/b.html?c=d"), Path: b("/a/b.html"), Args: b("c=d"), HasArgs: true, Ext: b("html"),
				Protocol: b("HTTP/1.1"), Major: 1, Minor: 1,
			},
		},
		{
			"empty lines before", "\r\n\nGET / HTTP/1.0\n", 18, OK,
			RequestLine{
				Line: b("GET / HTTP/1.0"), Method: b("GET"), MethodID: Get, Target: b("/"), Path: b("/"),
				Protocol: b("HTTP/1.0"), Major: 1, Skipped: 3,
			},
		},
		{
			"absolute", "PROPFIND hTTp://A.b:80/x HTTP/1.1 \r\n", 36, OK,
			RequestLine{
				Line: b("PROPFIND hTTp://A.b:80/x HTTP/1.1 "), Method: b("PROPFIND"), MethodID: Propfind,
				Target: b("/x"), Path: b("/x"), Schema: b("hTTp"), Host: b("A.b:80"),
				Protocol: b("HTTP/1.1 "), Major: 1, Minor: 1,
			},
		},
		{
			"absolute with arguments only", "GET http://a?b HTTP/1.1\r\n", 25, OK,
			RequestLine{
				Line: b("GET http://a?b HTTP/1.1"), Method: b("GET"), MethodID: Get,
				Target: b("?b"), Path: b(""), Args: b("b"), HasArgs: true, EmptyPath: true,
				Schema: b("http"), Host: b("a"), Protocol: b("HTTP/1.1"), Major: 1, Minor: 1,
			},
		},
		{
			"connect", "CONNECT a:443 HTTP/1.1\r\n", 24, OK,
			RequestLine{
				Line: b("CONNECT a:443 HTTP/1.1"), Method: b("CONNECT"), MethodID: Connect,
				Target: b("/"), Path: b("/"), Host: b("a:443"), Protocol: b("HTTP/1.1"), Major: 1, Minor: 1,
			},
		},
		{
			"0.9", "GET /a+b\r\n", 10, OK,
			RequestLine{
				Line: b("GET /a+b"), Method: b("GET"), MethodID: Get, Target: b("/a+b"), Path: b("/a+b"),
				PlusInURI: true, Minor: 9,
			},
		},
		{
			"needs normalising", "GET /.a//b%2e#c HTTP/1.1\r\n", 26, OK,
			RequestLine{
				Line: b("GET /.a//b%2e#c HTTP/1.1"), Method: b("GET"), MethodID: Get,
				Target: b("/.a//b%2e#c"), Path: b("/.a//b%2e#c"), Complex: true,
				Protocol: b("HTTP/1.1"), Major: 1, Minor: 1,
			},
		},
		{"bad method", "\nGEt / HTTP/1.1\r\n", 3, InvalidMethod, RequestLine{Line: b("GEt / HTTP/1.1"), MethodID: Unknown, Major: 1, Skipped: 1}},
		{
			"bad version keeps the method", "HEAD / HTTP/2.0\r\n", 12, InvalidVersion,
			RequestLine{
				Line: b("HEAD / HTTP/2.0"), Method: b("HEAD"), MethodID: Head, Target: b("/"), Path: b("/"), Protocol: b(""), Major: 1,
			},
		},
		{
			"bad 0.9 method", "POST /\n", 6, Invalid09Method,
			RequestLine{
				Line: b("POST /"), Method: b("POST"), MethodID: Post, Target: b("/"), Path: b("/"), Minor: 9,
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rl RequestLine
			n, st := ParseRequestLine([]byte(c.in), &rl)
			if n != c.n || st != c.st {
				t.Errorf("%d %v, want %d %v", n, st, c.n, c.st)
			}
			checkLine(t, &rl, &c.want)
		})
	}
}

func b(s string) []byte { return []byte(s) }

// checkLine compares two request lines, nil and empty slices apart.
func checkLine(t *testing.T, got, want *RequestLine) {
	t.Helper()
	slices := func(rl *RequestLine) map[string][]byte {
		return map[string][]byte{
			"Line": rl.Line, "Method": rl.Method, "Target": rl.Target, "Path": rl.Path, "Args": rl.Args,
			"Ext": rl.Ext, "Schema": rl.Schema, "Host": rl.Host, "Protocol": rl.Protocol,
		}
	}
	gotSlices := slices(got)
	for name, w := range slices(want) {
		if g := gotSlices[name]; string(g) != string(w) || (g == nil) != (w == nil) {
			t.Errorf("%s = %q, want %q", name, g, w)
		}
	}
	type rest struct {
		method                                         Method
		major, minor, skipped                          int
		hasArgs, complex, quoted, plusInURI, emptyPath bool
	}
	of := func(rl *RequestLine) rest {
		return rest{
			rl.MethodID, rl.Major, rl.Minor, rl.Skipped,
			rl.HasArgs, rl.Complex, rl.Quoted, rl.PlusInURI, rl.EmptyPath,
		}
	}
	if g, w := of(got), of(want); g != w {
		t.Errorf("got %+v, want %+v", g, w)
	}
}

// TestEmptyLines: what precedes an incomplete line can be dropped.
func TestEmptyLines(t *testing.T) {
	for in, want := range map[string]int{"": 0, "\r\n\r\n": 4, "\r\nGET": 2, "GET /": 0} {
		var rl RequestLine
		if n, st := ParseRequestLine([]byte(in), &rl); n != want || st != Again {
			t.Errorf("%q: %d %v, want %d", in, n, st, want)
		}
	}
}

func TestExt(t *testing.T) {
	for in, want := range map[string]string{
		"/a.html": "html", "/a.b.c": "c", "/a.b/c": "", "/a.": "", "/a": "", "/a.b?c.d": "b",
		"/a+.b": "b", "/": "", "/+.a": "a", "/a/.b": "", "/a%2eb": "b", "/a.b%20": "b ", "/a.b/../c.d": "d",
		"/x/.a.b": "b", "/a.b#c": "b",
	} {
		var rl RequestLine
		if st := ParseTarget([]byte(in), &rl); st != OK {
			t.Fatalf("%q: %v", in, st)
		}
		ext := rl.Ext
		if rl.NeedsNormalization() {
			var p Path
			if st := NormalizePath(nil, []byte(in), true, &p); st != OK {
				t.Fatalf("%q: %v", in, st)
			}
			ext = p.Ext
		}
		if string(ext) != want {
			t.Errorf("%q: %q, want %q", in, ext, want)
		}
	}
}

func TestParseTarget(t *testing.T) {
	rl := RequestLine{Complex: true, Quoted: true, PlusInURI: true, EmptyPath: true, HasArgs: true, Ext: b("x"), Args: b("y")}
	if st := ParseTarget(b("/a"), &rl); st != OK || string(rl.Path) != "/a" || rl.NeedsNormalization() || rl.HasArgs || rl.Args != nil || rl.Ext != nil || rl.PlusInURI {
		t.Errorf("%v %+v", st, rl)
	}
	if st := ParseTarget(b("/a?b"), &rl); st != OK || string(rl.Target) != "/a?b" || string(rl.Args) != "b" {
		t.Errorf("%v %+v", st, rl)
	}
	for _, in := range []string{"", "a", "*", "/a b", "/a\r", "/\n", "/a?\x01", "/\x7f", "/a#\x00"} {
		if st := ParseTarget([]byte(in), &rl); st != InvalidRequest {
			t.Errorf("%q: %v", in, st)
		}
	}
}

func TestLookupMethod(t *testing.T) {
	for _, name := range []string{
		"GET", "HEAD", "POST", "PUT", "DELETE", "MKCOL", "COPY", "MOVE", "OPTIONS", "PROPFIND",
		"PROPPATCH", "LOCK", "UNLOCK", "PATCH", "TRACE", "CONNECT",
	} {
		if LookupMethod([]byte(name)) == Unknown {
			t.Errorf("%s is unknown", name)
		}
	}
	for _, name := range []string{"", "get", "GETS", "CONNEC"} {
		if m := LookupMethod([]byte(name)); m != Unknown {
			t.Errorf("%s is %v", name, m)
		}
	}
	if Get != 2 || Connect != 0x10000 {
		t.Error("the bits are not nginx's")
	}
}

func TestStatus(t *testing.T) {
	for st, want := range map[Status]int{
		OK: 0, Again: 0, Done: 0, InvalidMethod: 400, InvalidRequest: 400, InvalidVersion: 505,
		Invalid09Method: 400, InvalidHeader: 400, InvalidStatusLine: 400,
	} {
		if st.Code() != want || (st.String() == "") != (want == 0) {
			t.Errorf("%d: %d %q", st, st.Code(), st)
		}
	}
}
