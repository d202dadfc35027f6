package gunzip

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/gzip"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gzipped compresses the parts as members in a row.
func gzipped(t testing.TB, parts ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, p := range parts {
		w := gzip.NewWriter(&b)
		if _, err := w.Write(p); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// inflate pushes a body through a filter in pieces of n bytes.
func inflate(body []byte, n int) (out []byte, err error) {
	f := newInflater()
	f.start(4096)
	defer f.Close(nil)
	for {
		m := min(n, len(body))
		f.in, f.ended = body[:m], m == len(body)
		body = body[m:]
		for {
			output, more := f.next()
			if !more {
				return out, f.err
			}
			if output == nil {
				break
			}
			out = append(out, output...)
		}
	}
}

func text(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = "abcdefgh \n"[r.IntN(10)]
	}
	return b
}

func TestInflate(t *testing.T) {
	long := text(300_000)
	for _, c := range []struct {
		name string
		body []byte
		want []byte
		err  error
	}{
		{"short", gzipped(t, []byte("hello")), []byte("hello"), io.EOF},
		{"empty", gzipped(t, nil), nil, io.EOF},
		{"long", gzipped(t, long), long, io.EOF},
		{"members", gzipped(t, []byte("one "), nil, []byte("two")), []byte("one two"), io.EOF},
		{"no body", nil, nil, io.ErrUnexpectedEOF},
		{"cut", gzipped(t, []byte("hello"))[:20], []byte("hello"), io.ErrUnexpectedEOF},
		{"cut in the header", gzipped(t, []byte("hello"))[:5], nil, io.ErrUnexpectedEOF},
		{"not gzip", []byte("hello, this is plain"), nil, gzip.ErrHeader},
		{"garbage behind", append(gzipped(t, []byte("hello")), "0123456789"...), []byte("hello"), gzip.ErrHeader},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range []int{1, 7, 4096, 1 << 20} {
				got, err := inflate(c.body, n)
				if !errors.Is(err, c.err) {
					t.Errorf("pieces of %d bytes: error %v, want %v", n, err, c.err)
				}
				if !bytes.Equal(got, c.want) {
					t.Errorf("pieces of %d bytes: %d bytes, want %d", n, len(got), len(c.want))
				}
			}
		})
	}
}

// What a server flushed is passed on before more comes.
func TestFlushedOutputIsThere(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte("first"))
	_ = w.Flush()
	f := newInflater()
	f.start(4096)
	defer f.Close(nil)
	f.in = b.Bytes()
	if out, more := f.next(); !more || string(out) != "first" {
		t.Errorf("%q, %v", out, more)
	}
}

// A response that is given up leaves no coroutine behind, wherever it was.
func TestCloseEndsTheCoroutine(t *testing.T) {
	for _, n := range []int{0, 5, 12, 200} {
		f := newInflater()
		f.start(512)
		f.in = gzipped(t, text(10_000))[:n]
		f.next()
		f.Close(nil) // TestMain looks for what is left
	}
}

func FuzzInflate(f *testing.F) {
	f.Add(gzipped(f, []byte("hello")), 3)
	f.Add(gzipped(f, []byte("one"), []byte("two")), 1)
	f.Add([]byte("plain"), 2)
	f.Fuzz(func(t *testing.T, body []byte, n int) {
		if n < 1 || len(body) > 1<<16 {
			return
		}
		whole, err := inflate(body, 1<<20)
		cut, errCut := inflate(body, n)
		if !bytes.Equal(whole, cut) || errors.Is(err, io.EOF) != errors.Is(errCut, io.EOF) {
			t.Errorf("pieces of %d: %d bytes (%v), as a whole %d (%v)", n, len(cut), errCut, len(whole), err)
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	body := gzipped(b, text(100_000))
	f := newInflater()
	b.ReportAllocs()
	b.SetBytes(100_000)
	for b.Loop() {
		f.start(maxPiece)
		f.in, f.ended = body, true
		for {
			if _, more := f.next(); !more {
				break
			}
		}
		f.stop()
		f.out.Free()
	}
}
