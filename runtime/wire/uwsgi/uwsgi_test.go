package uwsgi_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/wire/uwsgi"
)

func TestPacket(t *testing.T) {
	b, at := uwsgi.Begin([]byte("before"), 5, 7)
	b = uwsgi.AppendPair(b, []byte("A"), []byte("bc"))
	b = uwsgi.AppendPair(b, []byte("EMPTY"), nil)
	n, ok := uwsgi.End(b, at)
	if want := "before\x05\x10\x00\x07\x01\x00A\x02\x00bc\x05\x00EMPTY\x00\x00"; string(b) != want || n != 16 || !ok {
		t.Errorf("%q %d %v, want %q", b, n, ok, want)
	}
}

func TestSize(t *testing.T) {
	for size, want := range map[int]bool{0: true, 1: true, 65535 - 5: true, 65535 - 4: false, 65536: false, 200000: false} {
		b, at := uwsgi.Begin(nil, 0, 0)
		b = uwsgi.AppendPair(b, []byte("A"), []byte(strings.Repeat("x", size)))
		if n, ok := uwsgi.End(b, at); ok != want || n != size+5 {
			t.Errorf("%d: %d %v", size, n, ok)
		}
	}
}

// FuzzPacket: what Begin, AppendPair and End write is read so, from every beginning of it nothing is read, and any bytes
// can be read.
func FuzzPacket(f *testing.F) {
	f.Add(byte(0), byte(0), "QUERY_STRING", "a=b", "HTTP_HOST", "")
	f.Add(byte(255), byte(1), "", "", "\x00", "\x00\x00")
	f.Fuzz(func(t *testing.T, m1, m2 byte, n1, v1, n2, v2 string) {
		b, at := uwsgi.Begin(nil, m1, m2)
		b = uwsgi.AppendPair(uwsgi.AppendPair(b, []byte(n1), []byte(v1)), []byte(n2), []byte(v2))
		size, ok := uwsgi.End(b, at)
		if !ok {
			return
		}
		for i := range b {
			if _, _, ok := uwsgi.Parse(b[:i]); ok {
				t.Fatalf("%q, a beginning of %q, is complete", b[:i], b)
			}
		}
		p, n, ok := uwsgi.Parse(append(bytes.Clone(b), v1...))
		if !ok || n != size+4 || p.Modifier1 != m1 || p.Modifier2 != m2 {
			t.Fatalf("%q: %v %d", b, p, n)
		}
		a, av, ok1 := p.Next()
		c, cv, ok2 := p.Next()
		_, _, ok3 := p.Next()
		if !ok1 || !ok2 || ok3 || string(a) != n1 || string(av) != v1 || string(c) != n2 || string(cv) != v2 {
			t.Fatalf("%q: %q=%q %v %q=%q %v %v", b, a, av, ok1, c, cv, ok2, ok3)
		}
	})
}

// FuzzParse: any bytes can be read, and what is read lies in them.
func FuzzParse(f *testing.F) {
	f.Add([]byte("\x00\x06\x00\x00\x01\x00A\x01\x00b"))
	f.Add([]byte("\x00\x06\x00\x00\x01\x00A\x02\x00b"))
	f.Add([]byte("\x00\xff\xff\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		p, n, ok := uwsgi.Parse(in)
		if n > len(in) || ok != (n > 0) {
			t.Fatalf("%q: %d %v", in, n, ok)
		}
		for ok {
			left := len(p.Vars)
			var name, value []byte
			if name, value, ok = p.Next(); ok && left-len(p.Vars) != 4+len(name)+len(value) {
				t.Fatalf("%q: %q %q", in, name, value)
			}
		}
	})
}

func TestAllocs(t *testing.T) {
	buf, name, value := make([]byte, 0, 100), []byte("QUERY_STRING"), []byte("a=b")
	if n := testing.AllocsPerRun(100, func() {
		b, at := uwsgi.Begin(buf, 0, 0)
		b = uwsgi.AppendPair(b, name, value)
		if _, ok := uwsgi.End(b, at); !ok {
			t.Error("too large")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
