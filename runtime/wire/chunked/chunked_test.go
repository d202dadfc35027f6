package chunked

import (
	"bytes"
	"io"
	"net/http/httputil"
	"strconv"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	"github.com/sluiceproxy/sluice/runtime/wire/h1/h1test"
)

// decode feeds in to d in pieces of at most size bytes and returns the body, how
// many bytes were read and the last status.
func decode(d *Decoder, in []byte, size int) (body []byte, n int, st Status) {
	for n < len(in) {
		piece := in[n:min(n+size, len(in))]
		data, k, st := d.Decode(piece)
		body = append(body, data...)
		n += k
		if st == Done || st == Invalid {
			return body, n, st
		}
	}
	return body, n, More
}

// TestNginx runs nginx's answers to chunked requests, with the body size limit
// that the server behind the table has.
func TestNginx(t *testing.T) {
	cases, err := h1test.Cases()
	if err != nil {
		t.Fatal(err)
	}
	const limit = 100
	for _, c := range cases {
		if !strings.HasPrefix(c.Name, "chunked/") {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			_, body, _ := strings.Cut(c.Input, "\r\n\r\n")
			status, got := 0, ""
			var d Decoder
			for in := []byte(body); ; {
				data, n, st := d.Decode(in)
				in = in[n:]
				if int64(len(got)+len(data))+d.Remaining() > limit {
					status = 413
					break
				}
				got += string(data)
				if st == Data {
					continue
				}
				switch st {
				case Done:
					status = 200
				case Invalid:
					status = 400
				}
				break
			}
			if status != c.Status || status == 200 && got != c.Body {
				t.Errorf("%q: %d %q, want %d %q", body, status, got, c.Status, c.Body)
			}
		})
	}
}

// TestPieces: the same body and end however the input is cut.
func TestPieces(t *testing.T) {
	const in = "5;x=\"y\"\r\nhello\r\n10\t\r\n0123456789abcdef\r\n000\r\nA: b\r\n\r\nnext"
	for size := 1; size <= len(in); size++ {
		var d Decoder
		body, n, st := decode(&d, []byte(in), size)
		if string(body) != "hello0123456789abcdef" || in[n:] != "next" || st != Done {
			t.Errorf("pieces of %d: %q, rest %q, %v", size, body, in[n:], st)
		}
		if body, _, st := decode(&d, []byte("1\r\nx\r\n0\r\n\r\n"), size); string(body) != "x" || st != Done {
			t.Errorf("second body: %q, %v", body, st)
		}
	}
}

func TestKeepTrailer(t *testing.T) {
	d := Decoder{KeepTrailer: true}
	const in = "1\r\nx\r\n0;e\r\nA: b\r\n\r\n"
	body, n, st := decode(&d, []byte(in), len(in))
	if string(body) != "x" || in[n:] != "A: b\r\n\r\n" || st != Done {
		t.Errorf("%q, rest %q, %v", body, in[n:], st)
	}
	if d.Reset(); !d.KeepTrailer {
		t.Error("Reset forgot KeepTrailer")
	}
}

// TestInvalid: where the wrong byte is, and that nothing comes after it.
func TestInvalid(t *testing.T) {
	for _, c := range []struct {
		in string
		n  int
	}{
		{"g", 0},
		{"5\n", 1},
		{"5;\n", 2},
		{"1\r\nab", 4},
		{"1\r\na\rb", 5},
		{"0\r\n\n", 3},
		{"0\r\n\rx", 4},
		{"0\r\nA\n", 4},
		{"0\r\nA\rb", 5},
		{"800000000000000\r\n", 15},
	} {
		var d Decoder
		_, n, st := decode(&d, []byte(c.in), len(c.in))
		if st != Invalid || n != c.n {
			t.Errorf("%q: %d %v, want %d", c.in, n, st, c.n)
		}
		if _, n, st := d.Decode([]byte("0\r\n\r\n")); st != Invalid || n != 0 {
			t.Errorf("%q: goes on with %d %v", c.in, n, st)
		}
	}
}

// TestNeed: what is announced is what the shortest end takes.
func TestNeed(t *testing.T) {
	const in = "5;x\r\nhello\r\n0;y\r\nA: b\r\n\r\n"
	want := []int64{
		5, 2 + 5 + 7, // size
		2 + 5 + 7, 2 + 5 + 7, 1 + 5 + 7, // extension, its end
		12, 11, 10, 9, 8, 7, 6, // data, its end
		5, 4, 4, 4, 3, // last chunk
		2, 4, 4, 4, 4, 3, 2, 1, // trailer
	}
	var d Decoder
	for i := range in[:len(in)-1] {
		if got := d.Need(); got != want[i] {
			t.Errorf("at %q: %d, want %d", in[:i], got, want[i])
		}
		d.Decode([]byte(in[i : i+1]))
	}
}

func TestTrailer(t *testing.T) {
	for _, c := range []struct {
		name, in string
		room     int
		want     string
		unread   string
	}{
		{"none", "\r\nnext", 100, "done", "next"},
		{"two", "A: b\r\nC_D:e \r\n\r\nnext", 100, "A=b C_D=e done", "next"},
		{"incomplete", "A: b\r\nC", 100, "A=b again", "C"},
		{"too big", "A: b\r\nC: d\r\n\r\n", 10, "A=b full", "C: d\r\n\r\n"},
		{"invalid", "A: b\r\nC D\r\n", 100, "A=b bad C\\x20", "C D\r\n"},
	} {
		var tr Trailer
		tr.Reset(make([]byte, 0, c.room))
		got := ""
		rest := []byte(c.in)
		for again := true; again; {
			var f h1.HeaderLine
			switch tr.Next(&f) {
			case h1.OK:
				got += string(f.Name) + "=" + string(f.Value) + " "
			case h1.Done:
				got, again = got+"done", false
			case h1.InvalidHeader:
				got, again = got+"bad "+string(f.Line)+`\x`+strconv.FormatUint(uint64(f.Bad), 16), false
			case h1.Again:
				switch {
				case tr.Full():
					got, again = got+"full", false
				case len(rest) == 0:
					got, again = got+"again", false
				}
				rest = rest[tr.Fill(rest[:min(3, len(rest))]):]
			}
		}
		if unread := c.in[len(c.in)-len(rest)-tr.Unread():]; got != c.want || unread != c.unread {
			t.Errorf("%s: %q, unread %q; want %q, %q", c.name, got, unread, c.want, c.unread)
		}
	}
}

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		n    int64
		want string
	}{
		{1, "1\r\n"},
		{10, "a\r\n"},
		{16, "10\r\n"},
		{255, "ff\r\n"},
		{4096, "1000\r\n"},
		{0xabcdef, "abcdef\r\n"},
		{1<<63 - 1, "7fffffffffffffff\r\n"},
	} {
		if got := string(AppendHeader(nil, c.n)); got != c.want || len(got) > MaxHeader {
			t.Errorf("%d: %q, want %q", c.n, got, c.want)
		}
	}
	got := append([]byte(LastChunkOnly), AppendTrailer(nil, []byte("A"), []byte("b"))...)
	if got = append(got, CRLF...); string(got) != "0\r\nA: b\r\n\r\n" {
		t.Errorf("%q", got)
	}
}

func TestAllocs(t *testing.T) {
	in := []byte("5\r\nhello\r\n0\r\nA: b\r\n\r\n")
	scratch := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		d := Decoder{KeepTrailer: true}
		rest := in
		for {
			_, n, st := d.Decode(rest)
			rest = rest[n:]
			if st != Data {
				break
			}
		}
		var tr Trailer
		tr.Reset(scratch)
		tr.Fill(rest)
		var f h1.HeaderLine
		for tr.Next(&f) == h1.OK {
		}
		AppendHeader(scratch, 4096)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzDecode: nothing beyond the input is consumed, pieces do not matter, and
// what is accepted has the body that the standard library finds.
func FuzzDecode(f *testing.F) {
	cases, err := h1test.Cases()
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		if strings.HasPrefix(c.Name, "chunked/") {
			_, body, _ := strings.Cut(c.Input, "\r\n\r\n")
			f.Add([]byte(body), 3, false)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, size int, keep bool) {
		d := Decoder{KeepTrailer: keep}
		body, n, st := decode(&d, in, len(in)+1)
		if n > len(in) || st == More && n != len(in) {
			t.Fatalf("%d of %d, %v", n, len(in), st)
		}
		if st == More && d.Need() <= 0 {
			t.Fatalf("nothing needed after %q", in)
		}
		d = Decoder{KeepTrailer: keep}
		body2, n2, st2 := decode(&d, in, max(size%len(append(in, 0)), 1))
		if !bytes.Equal(body, body2) || n != n2 || st != st2 {
			t.Fatalf("in pieces: %q %d %v, in one: %q %d %v", body2, n2, st2, body, n, st)
		}
		if st != Done {
			return
		}
		for i := range n {
			d = Decoder{KeepTrailer: keep}
			if _, _, st := decode(&d, in[:i], i+1); st != More {
				t.Fatalf("%q, a beginning of a valid body: %v", in[:i], st)
			}
		}
		if want, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(in))); err == nil && !bytes.Equal(body, want) {
			t.Fatalf("body %q, want %q", body, want)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var in []byte
	for range 4 {
		in = AppendHeader(in, 4096)
		in = append(in, make([]byte, 4096)...)
		in = append(in, CRLF...)
	}
	in = append(in, LastChunk...)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		var d Decoder
		for rest := in; ; {
			_, n, st := d.Decode(rest)
			rest = rest[n:]
			if st == Done {
				break
			}
		}
	}
}

func BenchmarkAppendHeader(b *testing.B) {
	buf := make([]byte, 0, MaxHeader)
	b.ReportAllocs()
	for b.Loop() {
		AppendHeader(buf, 16384)
	}
}
