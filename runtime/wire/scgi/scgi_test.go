package scgi_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/wire/scgi"
)

func TestRequest(t *testing.T) {
	b, at := scgi.Begin([]byte("before"), 27)
	b, ok1 := scgi.AppendPair(b, []byte("SCGI"), []byte("1"))
	b, ok2 := scgi.AppendPair(b, []byte("EMPTY"), nil)
	want := "before32:CONTENT_LENGTH\x0027\x00SCGI\x001\x00EMPTY\x00\x00,"
	if b = scgi.End(b, at); string(b) != want || !ok1 || !ok2 {
		t.Errorf("%q, want %q", b, want)
	}
}

// TestSize: the size in front has as many digits as it needs.
func TestSize(t *testing.T) {
	for _, size := range []int{0, 78, 79, 80, 977, 978, 979, 980, 9976, 9977, 9978, 9979, 99976, 99978, 99979, 100000, 1234567} {
		b, at := scgi.Begin(nil, 0)
		b, _ = scgi.AppendPair(b, []byte("A"), []byte(strings.Repeat("x", size)))
		b = scgi.End(b, at)
		head, rest, _ := strings.Cut(string(b), ":")
		if n, err := strconv.Atoi(head); err != nil || n != len(rest)-1 || n != size+20 || rest[n] != ',' || head != strconv.Itoa(n) ||
			!strings.HasPrefix(rest, "CONTENT_LENGTH\x000\x00A\x00x") && size > 0 {
			t.Errorf("%d: %.60q", size, b)
		}
	}
}

func TestNUL(t *testing.T) {
	for _, pair := range [][2]string{{"A\x00", "b"}, {"A", "\x00b"}, {"REMOTE_USER", "a\x00HTTP_X\x00b"}} {
		if b, ok := scgi.AppendPair([]byte("x"), []byte(pair[0]), []byte(pair[1])); ok || string(b) != "x" {
			t.Errorf("%q: %q %v", pair, b, ok)
		}
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"": "0 true", "1": "0 true", "12:": "0 true", "2:ab": "0 true", ":": "0 false", "x": "0 false", "-1:": "0 false",
		"2:abc": "0 false", "2:ab,c": "5 false", "0:,": "3 false", "12345678:": "0 false",
	} {
		if _, n, more := scgi.Parse([]byte(in)); fmt.Sprint(n, more) != want {
			t.Errorf("%q: %d %v, want %s", in, n, more, want)
		}
	}
}

// FuzzRequest: what Begin, AppendPair and End write is read so, and every beginning of it is incomplete.
func FuzzRequest(f *testing.F) {
	f.Add(int64(0), "SCGI", "1", "EMPTY", "")
	f.Add(int64(1<<40), "", "", "HTTP_X", strings.Repeat("x", 2000))
	f.Fuzz(func(t *testing.T, length int64, n1, v1, n2, v2 string) {
		b, at := scgi.Begin(nil, length)
		b, ok1 := scgi.AppendPair(b, []byte(n1), []byte(v1))
		b, ok2 := scgi.AppendPair(b, []byte(n2), []byte(v2))
		if !ok1 || !ok2 || len(b) > 100000 {
			return
		}
		b = scgi.End(b, at)
		for i := range b {
			if _, n, more := scgi.Parse(b[:i]); n > 0 || !more {
				t.Fatalf("%q, a beginning of %q: %d %v", b[:i], b, n, more)
			}
		}
		headers, n, _ := scgi.Parse(b)
		if n != len(b) {
			t.Fatalf("%q: %d", b, n)
		}
		for _, want := range [][2]string{{"CONTENT_LENGTH", strconv.FormatInt(length, 10)}, {n1, v1}, {n2, v2}} {
			name, value, rest, ok := scgi.Next(headers)
			if !ok || string(name) != want[0] || string(value) != want[1] {
				t.Fatalf("%q: %q=%q %v, want %q", b, name, value, ok, want)
			}
			headers = rest
		}
		if _, _, _, ok := scgi.Next(headers); ok || len(headers) > 0 {
			t.Fatalf("%q: %q is left", b, headers)
		}
	})
}

// FuzzParse: any bytes can be read, and what is read lies in them.
func FuzzParse(f *testing.F) {
	f.Add([]byte("24:CONTENT_LENGTH\x0027\x00SCGI\x001\x00,rest"))
	f.Add([]byte("3:A\x00b,"))
	f.Fuzz(func(t *testing.T, in []byte) {
		headers, n, more := scgi.Parse(in)
		if n > len(in) || more && n > 0 || len(headers) > n {
			t.Fatalf("%q: %d %v", in, n, more)
		}
		for ok := true; ok; {
			left := len(headers)
			var name, value []byte
			if name, value, headers, ok = scgi.Next(headers); ok && left-len(headers) != 2+len(name)+len(value) {
				t.Fatalf("%q: %q %q", in, name, value)
			}
		}
	})
}

func TestAllocs(t *testing.T) {
	buf, name, value := make([]byte, 0, 100), []byte("QUERY_STRING"), []byte("a=b")
	if n := testing.AllocsPerRun(100, func() {
		b, at := scgi.Begin(buf, 5)
		b, ok := scgi.AppendPair(b, name, value)
		if b = scgi.End(b, at); !ok || b[0] != '3' {
			t.Errorf("%q", b)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
