package gzip

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// sink is a body filter that keeps what it gets.
type sink struct {
	bytes.Buffer
	flushes, lasts int
}

func (s *sink) Filter(_ *httpd.Request, o *httpd.Out, _ int) error {
	s.Write(o.Mem)
	if o.Flush {
		s.flushes++
	}
	if o.Last {
		s.lasts++
	}
	return nil
}

func (s *sink) Close(*httpd.Request) {}

// run sends pieces through a filter of a level into a sink.
func run(t testing.TB, level int, pieces []httpd.Out) (*filter, *sink) {
	var r httpd.Request
	s := new(sink)
	r.AddBodyFilter(httpd.FilterPlace{}, s, false)
	f := newFilter(level)
	for i := range pieces {
		if err := f.Filter(&r, &pieces[i], 0); err != nil {
			t.Fatal(err)
		}
	}
	return f, s
}

func text(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = "the quick brown fox "[rnd.IntN(20)]
	}
	return b
}

func TestFilter(t *testing.T) {
	big := text(300_000)
	for name, pieces := range map[string][]httpd.Out{
		"empty":    {{Last: true}},
		"one":      {{Mem: big[:5000], Last: true}},
		"several":  {{Mem: big[:100_000]}, {Mem: big[100_000:200_000]}, {Mem: big[200_000:]}, {Last: true}},
		"flushed":  {{Mem: big[:10], Flush: true}, {Mem: big[10:20], Flush: true}, {Mem: big[20:30], Last: true}},
		"too late": {{Mem: big[:10], Last: true}, {Mem: big[:10]}},
	} {
		for level := 1; level <= 9; level++ {
			f, s := run(t, level, pieces)
			z, err := gzip.NewReader(&s.Buffer)
			if err != nil {
				t.Fatalf("%s, level %d: %v", name, level, err)
			}
			got, err := io.ReadAll(z)
			if err != nil {
				t.Fatalf("%s, level %d: %v", name, level, err)
			}
			var want []byte
			for _, p := range pieces {
				want = append(want, p.Mem...)
				if p.Last {
					break
				}
			}
			if !bytes.Equal(got, want) || s.lasts != 1 {
				t.Errorf("%s, level %d: %d bytes, want %d; %d ends", name, level, len(got), len(want), s.lasts)
			}
			if f.w != nil || f.buf != nil {
				t.Errorf("%s, level %d: the writer is still held", name, level)
			}
			f.Close(nil)
		}
	}
}

// A flushed piece can be read before the next one is there.
func TestFilterFlush(t *testing.T) {
	f, s := run(t, 1, []httpd.Out{{Mem: []byte("first"), Flush: true}})
	z, err := gzip.NewReader(&s.Buffer)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(z, got); err != nil || string(got) != "first" {
		t.Errorf("%q, %v", got, err)
	}
	if s.flushes != 1 {
		t.Errorf("%d flushes passed on", s.flushes)
	}
	f.Close(nil)
}

func TestRatio(t *testing.T) {
	for _, c := range []struct {
		in, out int64
		want    string
	}{
		{100, 100, "1.00"},
		{2125, 1000, "2.13"},
		{2124, 1000, "2.12"},
		{1999, 1000, "2.00"},
		{5, 26, "0.19"},
		{0, 20, "0.00"},
	} {
		if got := string(appendRatio(nil, c.in, c.out)); got != c.want {
			t.Errorf("%d/%d: %s, want %s", c.in, c.out, got, c.want)
		}
	}
}

func BenchmarkFilter(b *testing.B) {
	body := text(10_000)
	for b.Loop() {
		f, _ := run(b, 1, []httpd.Out{{Mem: body, Last: true}})
		f.Close(nil)
	}
}
