package fcgi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// record is a record as an application sends it.
func record(t Type, content string, padding int) string {
	b := []byte{1, byte(t), 0, 1, 0, 0, byte(padding), 0}
	binary.BigEndian.PutUint16(b[4:], uint16(len(content)))
	return string(b) + content + strings.Repeat("\xff", padding)
}

// events decodes in, cut into pieces of a size, and writes down what the decoder says; the content of a record is joined.
func events(in string, size int) string {
	var d Decoder
	var out strings.Builder
	var content []byte
	for at := 0; at < len(in); {
		piece := []byte(in[at:min(at+size, len(in))])
		for {
			data, n, st := d.Decode(piece)
			piece, at = piece[n:], at+n
			switch st {
			case More:
			case Head:
				fmt.Fprintf(&out, "head %d %d;", d.Type, d.Left())
			case Content:
				content = append(content, data...)
			case End:
				fmt.Fprintf(&out, "content %q;", content)
				content = content[:0]
			default:
				fmt.Fprintf(&out, "error %d byte %d at %d;", st, d.Bad, at)
				return out.String()
			}
			if st == More {
				break
			}
		}
	}
	if len(content) > 0 || !d.Between() {
		fmt.Fprintf(&out, "cut %q left %d", content, d.Left())
	}
	return out.String()
}

// TestInHead: a decoder is in a head from the end of a record up to the last byte of the next head.
func TestInHead(t *testing.T) {
	var d Decoder
	whole := record(Stdout, "ab", 2) + record(Stderr, "", 0)
	got := ""
	for i := 0; i < len(whole); i++ {
		got += map[bool]string{true: "h", false: "-"}[d.InHead()]
		for in, st := []byte(whole[i:i+1]), Head; st != More; {
			var n int
			_, n, st = d.Decode(in)
			in = in[n:]
		}
	}
	if want := "hhhhhhhh----hhhhhhhh"; got != want || !d.InHead() {
		t.Errorf("%s, then %t", got, d.InHead())
	}
}

func TestDecode(t *testing.T) {
	whole := record(Stdout, "hello", 3) + record(Stderr, "oops", 0) + record(Stdout, "", 0) + record(EndRequest, "\x00\x00\x00\x00\x00\x00\x00\x00", 255)
	for _, tc := range []struct{ name, in, want string }{
		{"whole", whole, `head 6 5;content "hello";head 7 4;content "oops";head 6 0;content "";head 3 8;content "\x00\x00\x00\x00\x00\x00\x00\x00";`},
		{"version 0", "\x00\x06", "error 4 byte 0 at 0;"},
		{"version 2", record(Stdout, "a", 0) + "\x02\x06", `head 6 1;content "a";error 4 byte 2 at 9;`},
		{"http", "HTTP/1.1 200 OK", "error 4 byte 72 at 0;"},
		{"type of a client", "\x01\x05", "error 5 byte 5 at 1;"},
		{"management", "\x01\x0b", "error 5 byte 11 at 1;"},
		{"id high", "\x01\x06\x01\x01", "error 6 byte 1 at 2;"},
		{"id low", "\x01\x06\x00\x02", "error 7 byte 2 at 3;"},
		{"reserved byte is not looked at", "\x01\x06\x00\x01\x00\x00\x00\x77", `head 6 0;content "";`},
		{"content that lies", record(Stdout, "abcd", 0)[:10], `head 6 4;cut "ab" left 2`},
		{"padding that lies", record(Stdout, "a", 9)[:12], `head 6 1;cut "a" left 0`},
		{"largest", record(Stdout, strings.Repeat("x", MaxContent), 0), fmt.Sprintf("head 6 65535;content %q;", strings.Repeat("x", MaxContent))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, size := range []int{1, 2, 3, 5, 7, 8, 9, 64, len(tc.in)} {
				if got := events(tc.in, size); got != tc.want {
					t.Errorf("pieces of %d:\n%.300s\nwant:\n%.300s", size, got, tc.want)
				}
			}
		})
	}
	for n := range whole { // every truncation is the beginning of the whole
		got, _, _ := strings.Cut(events(whole[:n], n+1), "cut")
		if want := events(whole, 1); !strings.HasPrefix(want, got) {
			t.Errorf("first %d bytes: %s", n, got)
		}
	}
}

func TestNeed(t *testing.T) {
	var d Decoder
	in := []byte(record(Stdout, "abcd", 3))
	need := []int{d.Need()}
	for at := 0; at < len(in); {
		_, n, _ := d.Decode(in[at : at+1])
		at += n
		need = append(need, d.Need())
	}
	// The head byte by byte, the content, its end, the padding, the next head.
	if got := fmt.Sprint(need); got != "[1 1 1 1 1 1 1 1 4 3 2 1 1 2 1 1]" {
		t.Error(got)
	}
}

// TestRequest compares a request with the bytes that nginx sends.
func TestRequest(t *testing.T) {
	long := strings.Repeat("v", 128)
	b := AppendBegin(nil, true)
	b, at := BeginParams(b)
	b = AppendPair(b, []byte("A"), []byte("bc"))
	b = AppendPair(b, []byte("EMPTY"), nil)
	b = AppendPair(b, []byte("LONG"), []byte(long))
	b, ok := EndParams(b, at)
	b = AppendHead(b, Stdin, 5)
	b = AppendPadding(append(b, "12345"...), 5)
	b = AppendHead(b, Stdin, 0)
	want := "\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00" +
		"\x01\x04\x00\x01\x00\x95\x03\x00\x01\x02Abc\x05\x00EMPTY\x04\x80\x00\x00\x80LONG" + long + "\x00\x00\x00" +
		"\x01\x04\x00\x01\x00\x00\x00\x00\x01\x05\x00\x01\x00\x05\x03\x0012345\x00\x00\x00\x01\x05\x00\x01\x00\x00\x00\x00"
	if !ok || string(b) != want {
		t.Errorf("%q\nwant %q", b, want)
	}
	params := ParamsOf(b)
	for _, want := range []string{"A=bc", "EMPTY=", "LONG=" + long, ""} {
		name, value, rest, ok := NextPair(params)
		if got := string(name) + "=" + string(value); ok != (want != "") || ok && got != want {
			t.Errorf("%q %t, want %q", got, ok, want)
		}
		params = rest
	}
	if len(b)%8 != 0 {
		t.Errorf("%d bytes", len(b))
	}
}

func TestParamsTooLarge(t *testing.T) {
	for size, want := range map[int]bool{MaxContent: true, MaxContent + 1: false} {
		b, at := BeginParams([]byte("12345678"))
		b = append(b, make([]byte, size)...)
		if b, ok := EndParams(b, at); ok != want || ok && len(b) != 8+HeadSize+size+1+HeadSize {
			t.Errorf("%d: %v, %d bytes", size, ok, len(b))
		}
	}
}

func TestAllocations(t *testing.T) {
	in := []byte(record(Stdout, "hello", 3) + record(EndRequest, "12345678", 0))
	b := make([]byte, 0, 1024)
	name, value := []byte("NAME"), bytes.Repeat([]byte("v"), 200)
	if n := testing.AllocsPerRun(100, func() {
		var d Decoder
		for rest := in; ; {
			_, n, st := d.Decode(rest)
			if rest = rest[n:]; st == More {
				break
			}
		}
		q, at := BeginParams(AppendBegin(b, true))
		q = AppendPair(q, name, value)
		q, _ = EndParams(q, at)
		_ = AppendHead(AppendPadding(AppendHead(q, Stdin, 5), 5), Stdin, 0)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzDecode: what the decoder says does not depend on how the bytes are cut, and is what a plain reading says.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(record(Stdout, "hello", 3)+record(Stderr, "e", 7)+record(EndRequest, "12345678", 0)), uint8(3))
	f.Add([]byte(record(Stdout, "", 255)+"\x01\x06\x00\x02"), uint8(1))
	f.Add([]byte(record(Stdout, strings.Repeat("x", 300), 1)[:200]), uint8(7))
	f.Fuzz(func(t *testing.T, in []byte, size uint8) {
		if len(in) > 4096 {
			return
		}
		want := events(string(in), len(in)+1)
		if got := events(string(in), int(size)+1); got != want {
			t.Fatalf("pieces of %d:\n%s\nat once:\n%s", int(size)+1, got, want)
		}
		if got := plain(in); got != want {
			t.Fatalf("plain reading:\n%s\nthe decoder:\n%s", got, want)
		}
	})
}

// plain is a reading of whole records by the specification.
func plain(in []byte) string {
	var out strings.Builder
	for at := 0; at < len(in); {
		b := in[at:]
		for i, bad := range []bool{b[0] != 1, len(b) > 1 && b[1] != 3 && b[1] != 6 && b[1] != 7, len(b) > 2 && b[2] != 0, len(b) > 3 && b[3] != 1} {
			if bad {
				fmt.Fprintf(&out, "error %d byte %d at %d;", int(BadVersion)+i, b[i], at+i)
				return out.String()
			}
		}
		if len(b) < HeadSize {
			left := 0
			if len(b) > 4 {
				left = int(b[4]) << 8
			}
			if len(b) > 5 {
				left |= int(b[5])
			}
			fmt.Fprintf(&out, "cut %q left %d", "", left)
			break
		}
		n := int(binary.BigEndian.Uint16(b[4:]))
		fmt.Fprintf(&out, "head %d %d;", b[1], n)
		rest := b[HeadSize:]
		if len(rest) < n+int(b[6]) {
			fmt.Fprintf(&out, "cut %q left %d", rest[:min(n, len(rest))], max(0, n-len(rest)))
			break
		}
		fmt.Fprintf(&out, "content %q;", rest[:n])
		at += HeadSize + n + int(b[6])
	}
	return out.String()
}

// FuzzPair: a parameter is read back as it was written.
func FuzzPair(f *testing.F) {
	f.Add([]byte("NAME"), []byte("value"))
	f.Add([]byte(""), bytes.Repeat([]byte("v"), 128))
	f.Fuzz(func(t *testing.T, name, value []byte) {
		b := append(AppendPair(nil, name, value), "rest"...)
		gotName, gotValue, rest, ok := NextPair(b)
		if !ok || !bytes.Equal(gotName, name) || !bytes.Equal(gotValue, value) || string(rest) != "rest" {
			t.Errorf("%q %q %q %t", gotName, gotValue, rest, ok)
		}
		for n := range min(len(b)-len("rest"), 300) {
			if _, _, _, ok := NextPair(b[:n]); ok {
				t.Errorf("%d of %d bytes are a whole parameter", n, len(b))
			}
		}
	})
}
