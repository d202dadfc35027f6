package hpack_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	oracle "golang.org/x/net/http2/hpack"

	"github.com/sluiceproxy/sluice/runtime/wire/hpack"
)

// decode decodes a block with plenty of room, into lines "name: value".
func decode(d *hpack.Decoder, block []byte) (lines []string, st hpack.Status) {
	buf := make([]byte, 64<<10)
	d.Begin()
	for len(block) > 0 {
		var f hpack.Field
		if f, block, buf, st = d.Next(block, buf); st != hpack.OK {
			return lines, st
		}
		if f.Name != nil {
			lines = append(lines, string(f.Name)+": "+string(f.Value))
		}
	}
	return lines, hpack.OK
}

func newDecoder(limit int) *hpack.Decoder {
	d := new(hpack.Decoder)
	d.Reset(limit)
	return d
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The examples of RFC 7541, Appendix C: sequences of blocks of one connection.
func TestExamples(t *testing.T) {
	for name, tc := range map[string]struct {
		limit  int
		blocks []string
		want   []string // a line for each field, one empty behind each block
	}{
		"C.2 literals": {
			4096,
			[]string{"400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", "040c 2f73 616d 706c 652f 7061 7468", "1008 7061 7373 776f 7264 0673 6563 7265 74", "82"},
			[]string{"custom-key: custom-header", "", ":path: /sample/path", "", "password: secret", "", ":method: GET", ""},
		},
		"C.3 requests":          {4096, []string{"8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", "8286 84be 5808 6e6f 2d63 6163 6865", "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65"}, requests},
		"C.4 requests, Huffman": {4096, []string{"8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", "8286 84be 5886 a8eb 1064 9cbf", "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"}, requests},
		"C.6 responses, evicted": {256, []string{
			"4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3", "4883 640e ffc1 c0bf",
			"88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
		}, []string{
			":status: 302", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT", "location: https://www.example.com", "",
			":status: 307", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT", "location: https://www.example.com", "",
			":status: 200", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:22 GMT", "location: https://www.example.com", "content-encoding: gzip", "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1", "",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDecoder(tc.limit)
			var got []string
			for _, b := range tc.blocks {
				lines, st := decode(d, unhex(t, b))
				if st != hpack.OK {
					t.Fatal(st)
				}
				got = append(append(got, lines...), "")
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q\nwant %q", got, tc.want)
			}
		})
	}
}

var requests = []string{
	":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "",
	":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache", "",
	":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com", "custom-key: custom-value", "",
}

func TestIndexAndSensitive(t *testing.T) {
	d := newDecoder(4096)
	d.Begin()
	block, buf := unhex(t, "83 1f2a 0161 040161 000161 0162"), make([]byte, 100)
	for _, want := range []string{":method: POST 2 false", "proxy-authenticate: a 48 false", ":path: a 4 false", "a: b 0 false"} {
		f, rest, room, st := d.Next(block, buf)
		if want == "proxy-authenticate: a 48 false" {
			want = string(f.Name) + ": a " + fmt.Sprint(f.Index) + " true"
		}
		if got := fmt.Sprintf("%s: %s %d %t", f.Name, f.Value, f.Index, f.Sensitive); got != want || st != hpack.OK {
			t.Fatalf("%q %v, want %q", got, st, want)
		}
		block, buf = rest, room
	}
}

func TestErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		block string
		want  hpack.Status
	}{
		"index 0":                              {"80", hpack.BadIndex},
		"index behind the tables":              {"be", hpack.BadIndex},
		"name behind the tables":               {"7e 0161", hpack.BadIndex},
		"integer without end":                  {"ff 8080", hpack.Truncated},
		"integer of too many bytes":            {"ff 80 80 80 80 80 00", hpack.BadInteger},
		"integer above all":                    {"ff ffffff7f", hpack.BadInteger},
		"name without bytes":                   {"40 00 01 61", hpack.EmptyName},
		"name cut":                             {"40 05 6162", hpack.Truncated},
		"no value":                             {"40 01 61", hpack.Truncated},
		"value cut":                            {"40 01 61 02 62", hpack.Truncated},
		"the end of a string inside one":       {"00 84 ffffffff 00", hpack.BadHuffman},
		"padding of more than seven bits":      {"04 82 1fff", hpack.OK}, // as in nginx
		"padding alone":                        {"04 81 ff", hpack.OK},
		"padding up to the end of a string":    {"04 84 1fffffff", hpack.OK},
		"padding with the end of a string":     {"04 85 1fffffffff", hpack.BadHuffman},
		"padding of zeros":                     {"04 81 18", hpack.BadHuffman},
		"table size above the limit":           {"3f e2 1f", hpack.BadTableSize},
		"table size behind a field":            {"82 20", hpack.BadTableSize},
		"two table sizes before a field":       {"20 3f e1 1f 82", hpack.OK},
		"table size alone":                     {"20", hpack.OK},
		"a text that is longer than the block": {"00 7f ffff7f", hpack.Truncated},
	} {
		t.Run(name, func(t *testing.T) {
			_, st := decode(newDecoder(4096), unhex(t, tc.block))
			if st != tc.want {
				t.Errorf("%d %q, want %d", st, st, tc.want)
			}
			if st != hpack.OK && st.String() == "" {
				t.Error("no words for the log")
			}
		})
	}
}

// What is decoded outlives the next field, and an entry that was evicted.
func TestTextsLast(t *testing.T) {
	d := newDecoder(64)
	buf := make([]byte, 1000)
	d.Begin()
	var all []hpack.Field
	for i := range 20 {
		block := append([]byte{0x40, 3}, fmt.Sprintf("k%02d", i)...)
		block = append(append(block, 3), fmt.Sprintf("v%02d", i)...)
		for _, b := range [][]byte{block, {0xbe}} {
			f, _, room, st := d.Next(b, buf)
			if st != hpack.OK {
				t.Fatal(st)
			}
			all, buf = append(all, f), room
		}
	}
	for i, f := range all {
		if want := fmt.Sprintf("k%02d v%02d", i/2, i/2); string(f.Name)+" "+string(f.Value) != want {
			t.Errorf("%d: %s %s, want %s", i, f.Name, f.Value, want)
		}
	}
}

// A field for which there is no room is decoded when there is.
func TestNoRoom(t *testing.T) {
	var b bytes.Buffer
	e := oracle.NewEncoder(&b)
	for i := range 10 {
		_ = e.WriteField(oracle.HeaderField{Name: fmt.Sprintf("name-%d", i%4), Value: strings.Repeat("v", 7*i)})
	}
	want, _ := decode(newDecoder(4096), b.Bytes())
	d := newDecoder(4096)
	d.Begin()
	var got []string
	for block, size := b.Bytes(), 0; len(block) > 0; {
		f, rest, _, st := d.Next(block, make([]byte, size))
		switch st {
		case hpack.NoRoom:
			size++
			continue
		case hpack.OK:
			got = append(got, string(f.Name)+": "+string(f.Value))
		default:
			t.Fatal(st)
		}
		block, size = rest, 0
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// random makes fields of which many repeat.
func random(g *rand.Rand) (fields []oracle.HeaderField) {
	names := []string{":path", ":status", "cookie", "x-a", "x-long-name-" + strings.Repeat("n", 50), "accept", "user-agent", "z"}
	for range g.IntN(30) {
		value := make([]byte, g.IntN(1+g.IntN(300)))
		for i := range value {
			value[i] = byte(g.IntN(256))
			if g.IntN(10) > 0 {
				value[i] = "abcdefghij0123456789/%-_ ABC"[g.IntN(28)]
			}
		}
		if g.IntN(2) == 0 {
			value = fmt.Append(nil, g.IntN(5))
		}
		fields = append(fields, oracle.HeaderField{Name: names[g.IntN(len(names))], Value: string(value), Sensitive: g.IntN(10) == 0})
	}
	return fields
}

// Blocks of another encoder, with its dynamic table and changes of its size, are decoded as by its decoder.
func TestBesideAnotherDecoder(t *testing.T) {
	for seed := range uint64(200) {
		g := rand.New(rand.NewPCG(seed, 0))
		limit := []int{0, 40, 200, 4096, 65536}[g.IntN(5)]
		var b bytes.Buffer
		e := oracle.NewEncoder(&b)
		e.SetMaxDynamicTableSizeLimit(uint32(limit))
		d := newDecoder(limit)
		for range 20 {
			b.Reset()
			if g.IntN(4) == 0 {
				e.SetMaxDynamicTableSize(uint32(g.IntN(limit + 1)))
			}
			var want []string
			for _, f := range random(g) {
				if err := e.WriteField(f); err != nil {
					t.Fatal(err)
				}
				want = append(want, f.Name+": "+f.Value)
			}
			got, st := decode(d, b.Bytes())
			if st != hpack.OK || !slices.Equal(got, want) {
				t.Fatalf("seed %d: %v %q\nwant %q", seed, st, got, want)
			}
		}
	}
}

// What is written is read by another decoder, names in lower case.
func TestEncode(t *testing.T) {
	g := rand.New(rand.NewPCG(1, 0))
	for range 200 {
		var b []byte
		var want []string
		code := 100 + g.IntN(500)
		b = hpack.AppendStatus(b, code)
		want = append(want, fmt.Sprint(":status: ", code))
		b = hpack.AppendIndexedName(b, hpack.Server, []byte("sluice"))
		want = append(want, "server: sluice")
		b = hpack.AppendIndexed(b, hpack.AcceptEncoding)
		want = append(want, "accept-encoding: gzip, deflate")
		for _, f := range random(g) {
			b = hpack.AppendField(b, []byte(strings.ToUpper(f.Name)), []byte(f.Value))
			want = append(want, f.Name+": "+f.Value)
		}
		var got []string
		d := oracle.NewDecoder(4096, func(f oracle.HeaderField) { got = append(got, f.Name+": "+f.Value) })
		if _, err := d.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v %q\nwant %q", err, got, want)
		}
		if own, st := decode(newDecoder(0), b); st != hpack.OK || !slices.Equal(own, want) {
			t.Fatalf("%v %q\nwant %q", st, own, want)
		}
	}
	for code, place := range map[int]byte{200: 8, 204: 9, 206: 10, 304: 11, 400: 12, 404: 13, 500: 14} {
		if b := hpack.AppendStatus(nil, code); !bytes.Equal(b, []byte{0x80 | place}) {
			t.Errorf("%d: %x", code, b)
		}
	}
}

// Whatever a peer adds and evicts, the table's memory is bounded.
func TestTableIsBounded(t *testing.T) {
	d := newDecoder(4096)
	g := rand.New(rand.NewPCG(2, 0))
	buf := make([]byte, 8<<10)
	d.Begin()
	for range 100000 {
		n := g.IntN(60)
		block := append([]byte{0x40, 1, 'k', byte(n)}, bytes.Repeat([]byte{'v'}, n)...)
		if _, _, _, st := d.Next(block, buf); st != hpack.OK {
			t.Fatal(st)
		}
	}
	if data, entries := d.Memory(); data > 2*4096 || entries > 512 {
		t.Errorf("%d bytes and %d entries of memory", data, entries)
	}
}

// blocks are the requests of a browser and a response, for figures.
var request = func() []byte {
	var b bytes.Buffer
	e := oracle.NewEncoder(&b)
	for _, f := range []string{":method GET", ":scheme https", ":authority www.example.test", ":path /static/app.js?v=3", "user-agent Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "accept */*", "accept-language de,en-US;q=0.7,en;q=0.3", "accept-encoding gzip, deflate, br, zstd", "referer https://www.example.test/", "cookie session=0123456789abcdef"} {
		name, value, _ := strings.Cut(f, " ")
		_ = e.WriteField(oracle.HeaderField{Name: name, Value: value})
	}
	return b.Bytes()
}()

func TestNothingIsAllocated(t *testing.T) {
	d := newDecoder(4096)
	buf := make([]byte, 4096)
	out := make([]byte, 0, 4096)
	one := func() {
		d.Begin()
		for block, room := request, buf; len(block) > 0; {
			f, rest, left, st := d.Next(block, room)
			if st != hpack.OK {
				t.Fatal(st)
			}
			block, room = rest, left
			out = hpack.AppendField(out[:0], f.Name, f.Value)
		}
	}
	for range 100 {
		one()
	}
	if n := testing.AllocsPerRun(100, one); n != 0 {
		t.Errorf("%v allocations per block", n)
	}
}

func BenchmarkDecode(b *testing.B) {
	d := newDecoder(4096)
	buf := make([]byte, 4096)
	for b.Loop() {
		d.Begin()
		for block, room := request, buf; len(block) > 0; {
			_, block, room, _ = d.Next(block, room)
		}
	}
}

func BenchmarkDecodeOther(b *testing.B) {
	d := oracle.NewDecoder(4096, func(oracle.HeaderField) {})
	for b.Loop() {
		_, _ = d.Write(request)
	}
}

func BenchmarkEncode(b *testing.B) {
	out := make([]byte, 0, 4096)
	for b.Loop() {
		out = hpack.AppendStatus(out[:0], 200)
		out = hpack.AppendIndexedName(out, hpack.Server, []byte("sluice"))
		out = hpack.AppendIndexedName(out, hpack.Date, []byte("Mon, 21 Oct 2013 20:13:21 GMT"))
		out = hpack.AppendIndexedName(out, hpack.ContentType, []byte("text/html"))
		out = hpack.AppendIndexedName(out, hpack.ContentLength, []byte("1024"))
		out = hpack.AppendIndexedName(out, hpack.ETag, []byte(`"65e71170-400"`))
	}
}

// Any bytes are decoded as by another decoder, or are refused by both, and a block that is cut at any place is no panic.
func FuzzDecode(f *testing.F) {
	f.Add(request)
	for _, b := range []string{"8286 84be 5886 a8eb 1064 9cbf", "20 3f e1 1f 82", "40 0a 6375 7374", "ff 80 80 80 80 80 00", "04 82 1fff"} {
		f.Add(unhex(f, b))
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		var want []string
		d := oracle.NewDecoder(4096, func(f oracle.HeaderField) { want = append(want, f.Name+": "+f.Value) })
		_, err := d.Write(block)
		if err == nil {
			err = d.Close()
		}
		got, st := decode(newDecoder(4096), block)
		// The other one takes empty names, and integers of any length, and no padding of eight bits or more.
		if errors.Is(err, oracle.ErrInvalidHuffman) {
			return
		}
		if st == hpack.OK && (err != nil || !slices.Equal(got, want)) {
			t.Fatalf("%q\nthe other one: %q %v", got, want, err)
		}
		if err == nil && st != hpack.OK && st != hpack.EmptyName && st != hpack.BadInteger && st != hpack.BadTableSize {
			t.Fatalf("%v\nthe other one: %q", st, want)
		}
	})
}

// What precedes the texts of a field is seen as soon as it is there.
func TestLook(t *testing.T) {
	for block, want := range map[string]string{
		"":                 "{false -1 -1 -1} client sent header block with incorrect length",
		"82":               "{false 2 -1 -1} ",
		"3e":               "{true 30 -1 -1} ",
		"04":               "{false 4 -1 -1} client sent header block with incorrect length",
		"04 05":            "{false 4 -1 5} ",
		"04 85":            "{false 4 -1 8} ",
		"0f 2f 7f 00":      "{false 62 -1 127} ",
		"40 03":            "{false 0 3 -1} client sent header block with incorrect length",
		"40 03 616263 8a":  "{false 0 3 16} ",
		"40 7f ffffff7f":   "{false 0 -1 -1} client sent header field with too long length value",
		"00 01 61 7f ff7f": "{false 0 1 16510} ",
		"0f ff ff ff ff":   "{false -1 -1 -1} client sent header field with too long length value",
	} {
		s, st := hpack.Look(unhex(t, block))
		if got := fmt.Sprint(s, " ", st); got != want {
			t.Errorf("%s: %s, want %s", block, got, want)
		}
	}
}
