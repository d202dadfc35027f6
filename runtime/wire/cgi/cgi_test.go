package cgi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/wire/cgi"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// read reads a header of which everything is there and tells what it found: the code, the line, the fields and what is left.
func read(in []byte, statusLine bool) string {
	var h cgi.Header
	var f h1.HeaderLine
	var status []byte
	var fields strings.Builder
	location := false
	h.Reset(statusLine)
	for {
		n, st := h.Next(in, &f)
		in = in[n:]
		switch st {
		case h1.OK:
			fmt.Fprintf(&fields, " %s=%s", f.Name, f.Value)
			switch f.ID {
			case h1.StatusField:
				status = append([]byte{}, f.Value...)
			case h1.Location:
				location = true
			}
		case h1.Done:
			code, line, ok := h.Status(status, location)
			if !ok {
				return "invalid status"
			}
			return fmt.Sprintf("%d %q%s; %q", code, line, fields.String(), in)
		case h1.Again:
			return "more"
		default:
			return fmt.Sprintf("invalid %q %02x", f.Line, f.Bad)
		}
	}
}

// headers are headers and what they say where a status line may come and where it may not.
var headers = []struct{ name, in, want, plain string }{
	{"status line", "HTTP/1.1 404 Not Found\r\nA: b\r\n\r\nbody", `404 "404 Not Found" A=b; "body"`, `200 "200 OK" A=b; "body"`},
	{"status line without text", "HTTP/1.0 204\r\n\r\n", `204 "204"; ""`, `200 "200 OK"; ""`},
	{"status line of code 0", "HTTP/1.0 000 None\r\nStatus: 201\r\n\r\n", `201 "" Status=201; ""`, `201 "" Status=201; ""`},
	{"broken status line", "HTTP/1.1 4x4 Not\r\nA: b\r\n\r\n", `200 "200 OK" A=b; ""`, `200 "200 OK" A=b; ""`},
	{"status line before Status", "HTTP/1.1 500 Oops\nStatus: 404 Not Found\n\n", `500 "500 Oops" Status=404 Not Found; ""`, `404 "404 Not Found" Status=404 Not Found; ""`},
	{"Status with text", "Status: 404 Not Found\r\n\r\nx", `404 "404 Not Found" Status=404 Not Found; "x"`, ""},
	{"Status alone", "Status: 403\n\n", `403 "" Status=403; ""`, ""},
	{"Status before Location", "Location: /a\r\nStatus: 301 Moved\r\n\r\n", `301 "301 Moved" Location=/a Status=301 Moved; ""`, ""},
	{"four digits", "Status: 2000\r\n\r\n", `200 "2000" Status=2000; ""`, ""},
	{"two digits", "Status: 20\r\n\r\n", "invalid status", ""},
	{"empty Status", "Status:\r\n\r\n", "invalid status", ""},
	{"letters", "Status: OK 200\r\n\r\n", "invalid status", ""},
	{"signs", "Status: -12\r\n\r\n", "invalid status", ""},
	{"Location", "Location: /a\r\n\r\n", `302 "302 Moved Temporarily" Location=/a; ""`, ""},
	{"neither", "Content-Type: text/html\r\n\r\n<", `200 "200 OK" Content-Type=text/html; "<"`, ""},
	{"no field", "\r\nbody", `200 "200 OK"; "body"`, ""},
	{"underscores", "x_y: z\r\n\r\n", `200 "200 OK" x_y=z; ""`, ""},
	{"no colon", "Foo\r\n\r\n", `200 "200 OK" Foo=; ""`, ""},
	{"NUL", "A: b\x00c\r\n\r\n", `invalid "A: b" 00`, ""},
	{"space in a name", "A b: c\r\n\r\n", `invalid "A" 20`, ""},
	{"bare CR", "A: b\rc\r\n\r\n", `invalid "A: b" 0d`, ""},
	{"no name", ": c\r\n\r\n", `invalid "" 3a`, ""},
}

func TestHeader(t *testing.T) {
	for _, tc := range headers {
		if tc.plain == "" {
			tc.plain = tc.want
		}
		t.Run(tc.name, func(t *testing.T) {
			if got := read([]byte(tc.in), true); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if got := read([]byte(tc.in), false); got != tc.plain {
				t.Errorf("without a status line: got %s, want %s", got, tc.plain)
			}
		})
	}
}

// check reads every beginning of in, and then the rest: a complete header is complete nowhere before its end, and what is
// read of a beginning changes nothing.
func check(t *testing.T, in []byte, statusLine bool) {
	t.Helper()
	want, st := lines(in, len(in), statusLine)
	for cut := range in {
		got, cutSt := lines(in, cut, statusLine)
		if st == h1.Again && cutSt != st || got > want || cutSt != h1.Again && (got != want || cutSt != st) {
			t.Fatalf("%q read to %d, then whole: ends at %d with %v, want %d with %v", in, cut, got, cutSt, want, st)
		}
	}
}

// lines reads in up to cut and then, if more is asked for, whole. It returns where reading ended, and how.
func lines(in []byte, cut int, statusLine bool) (pos int, st h1.Status) {
	var h cgi.Header
	var f h1.HeaderLine
	h.Reset(statusLine)
	for _, end := range []int{cut, len(in)} {
		for st = h1.OK; st == h1.OK; {
			var n int
			n, st = h.Next(in[pos:end], &f)
			pos += n
		}
		if st != h1.Again {
			break
		}
	}
	return pos, st
}

func TestTruncated(t *testing.T) {
	for _, tc := range headers {
		check(t, []byte(tc.in), true)
		check(t, []byte(tc.in), false)
	}
}

func FuzzHeader(f *testing.F) {
	for _, tc := range headers {
		f.Add([]byte(tc.in), true)
		f.Add([]byte(tc.in), false)
	}
	f.Fuzz(func(t *testing.T, in []byte, statusLine bool) {
		if len(in) <= 300 {
			check(t, in, statusLine)
		}
	})
}

func TestAllocs(t *testing.T) {
	in := []byte("HTTP/1.1 404 Not Found\r\nStatus: 200\r\nContent-Type: text/html\r\n\r\n")
	if n := testing.AllocsPerRun(100, func() {
		var h cgi.Header
		var f h1.HeaderLine
		h.Reset(true)
		for b := in; ; {
			n, st := h.Next(b, &f)
			b = b[n:]
			if st == h1.Done {
				if code, _, ok := h.Status(f.Value, false); code != 404 || !ok {
					t.Error(code)
				}
				return
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
