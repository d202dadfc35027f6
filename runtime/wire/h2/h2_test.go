package h2_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	oracle "golang.org/x/net/http2"

	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

// describe parses a frame with the function for its type, and tells what it is in one line.
func describe(f *h2.Frame) string {
	var err *h2.Error
	text := ""
	switch f.Type {
	case h2.TypeData:
		var b []byte
		b, err = h2.ParseData(f)
		text = fmt.Sprintf("DATA %q", b)
	case h2.TypeHeaders:
		var b []byte
		b, err = h2.ParseHeaders(f)
		text = fmt.Sprintf("HEADERS %q", b)
	case h2.TypePriority:
		var p h2.Priority
		p, err = h2.ParsePriority(f)
		text = fmt.Sprintf("PRIORITY %d %t %d", p.Depends, p.Exclusive, p.Weight)
	case h2.TypeRSTStream:
		var c h2.Code
		c, err = h2.ParseRSTStream(f)
		text = fmt.Sprintf("RST_STREAM %d", c)
	case h2.TypeSettings:
		if err = h2.ParseSettings(f); err != nil {
			break
		}
		text = "SETTINGS"
		for p := f.Payload; len(p) > 0 && err == nil; {
			var s h2.Setting
			s, p, err = h2.NextSetting(p)
			text += fmt.Sprintf(" %d=%d", s.ID, s.Value)
		}
	case h2.TypePing:
		var d [8]byte
		d, err = h2.ParsePing(f)
		text = fmt.Sprintf("PING %q", d[:])
	case h2.TypeGoAway:
		var last uint32
		var c h2.Code
		last, c, err = h2.ParseGoAway(f)
		text = fmt.Sprintf("GOAWAY %d %d", last, c)
	case h2.TypeWindowUpdate:
		var n uint32
		n, err = h2.ParseWindowUpdate(f)
		text = fmt.Sprintf("WINDOW_UPDATE %d", n)
	default:
		text = fmt.Sprintf("type %d %q", f.Type, f.Payload)
	}
	if err != nil {
		return fmt.Sprintf("error %d %t: %s", err.Code, err.OfStream, err.Text)
	}
	return fmt.Sprintf("%s, stream %d, flags %02x", text, f.Stream, uint8(f.Flags))
}

// describeAll parses what it can.
func describeAll(b []byte) (lines []string) {
	for {
		f, n, err := h2.Parse(b, h2.DefaultFrameSize)
		if err != nil {
			return append(lines, "error: "+err.Text)
		}
		if n == 0 {
			return lines
		}
		lines = append(lines, describe(&f))
		b = b[n:]
	}
}

// What another implementation writes is read, and the other way round.
func TestBesideAnotherFramer(t *testing.T) {
	var theirs bytes.Buffer
	w := oracle.NewFramer(&theirs, nil)
	ours := []byte{}
	var want []string
	add := func(line string, err error, b []byte) {
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, line)
		ours = b
	}
	data := [8]byte{'1', '2', '3', '4', '5', '6', '7', '8'}
	add(`SETTINGS 3=128 4=65536 5=16777215, stream 0, flags 00`, w.WriteSettings(oracle.Setting{ID: oracle.SettingMaxConcurrentStreams, Val: 128}, oracle.Setting{ID: oracle.SettingInitialWindowSize, Val: 65536}, oracle.Setting{ID: oracle.SettingMaxFrameSize, Val: 16777215}),
		h2.AppendSettings(ours, h2.Setting{ID: h2.MaxConcurrentStreams, Value: 128}, h2.Setting{ID: h2.InitialWindowSize, Value: 65536}, h2.Setting{ID: h2.MaxFrameSizeSetting, Value: 16777215}))
	add(`SETTINGS, stream 0, flags 01`, w.WriteSettingsAck(), h2.AppendSettingsAck(ours))
	add(`PING "12345678", stream 0, flags 01`, w.WritePing(true, data), h2.AppendPing(ours, h2.Ack, data))
	add(`PING "12345678", stream 0, flags 00`, w.WritePing(false, data), h2.AppendPing(ours, 0, data))
	add(`GOAWAY 7 11, stream 0, flags 00`, w.WriteGoAway(7, oracle.ErrCodeEnhanceYourCalm, nil), h2.AppendGoAway(ours, 7, h2.EnhanceYourCalm))
	add(`WINDOW_UPDATE 2147483647, stream 0, flags 00`, w.WriteWindowUpdate(0, 1<<31-1), h2.AppendWindowUpdate(ours, 0, h2.MaxWindow))
	add(`WINDOW_UPDATE 1, stream 5, flags 00`, w.WriteWindowUpdate(5, 1), h2.AppendWindowUpdate(ours, 5, 1))
	add(`RST_STREAM 8, stream 2147483647, flags 00`, w.WriteRSTStream(1<<31-1, oracle.ErrCodeCancel), h2.AppendRSTStream(ours, 1<<31-1, h2.Cancel))
	add(`DATA "abc", stream 1, flags 01`, w.WriteData(1, true, []byte("abc")), append(h2.AppendHeader(ours, 3, h2.TypeData, h2.EndStream, 1), "abc"...))
	add(`HEADERS "\x82", stream 3, flags 05`, w.WriteHeaders(oracle.HeadersFrameParam{StreamID: 3, BlockFragment: []byte{0x82}, EndStream: true, EndHeaders: true}),
		append(h2.AppendHeader(ours, 1, h2.TypeHeaders, h2.EndStream|h2.EndHeaders, 3), 0x82))
	add(fmt.Sprintf("type 9 %q, stream 3, flags 04", strings.Repeat("c", 16384)), w.WriteContinuation(3, true, bytes.Repeat([]byte("c"), 16384)),
		append(h2.AppendHeader(ours, 16384, h2.TypeContinuation, h2.EndHeaders, 3), bytes.Repeat([]byte("c"), 16384)...))
	if !bytes.Equal(ours, theirs.Bytes()) {
		t.Errorf("written %x\nthe other one %x", ours, theirs.Bytes())
	}
	_ = w.WriteDataPadded(1, false, []byte("abc"), make([]byte, 4))
	want = append(want, `DATA "abc", stream 1, flags 08`)
	_ = w.WriteHeaders(oracle.HeadersFrameParam{StreamID: 5, BlockFragment: []byte("xyz"), PadLength: 2, Priority: oracle.PriorityParam{StreamDep: 3, Exclusive: true, Weight: 9}})
	want = append(want, `HEADERS "xyz", stream 5, flags 28`)
	_ = w.WritePriority(5, oracle.PriorityParam{StreamDep: 3, Exclusive: true, Weight: 9})
	want = append(want, `PRIORITY 3 true 9, stream 5, flags 00`)
	if got := describeAll(theirs.Bytes()); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	// Cut anywhere, the frames before the cut are the same.
	for n := range theirs.Len() {
		if n > 600 && n < 16000 {
			continue
		}
		got := describeAll(theirs.Bytes()[:n])
		if len(got) >= len(want) || !slices.Equal(got, want[:len(got)]) {
			t.Fatalf("cut at %d: %q", n, got)
		}
	}
}

func TestErrors(t *testing.T) {
	for name, tc := range map[string]struct{ frame, want string }{
		"too large":                        {"004001 00 00 00000001", "error: client sent frame with too large length 16385"},
		"DATA on stream 0":                 {"000000 00 00 00000000", "error 1 false: client sent DATA frame with incorrect identifier"},
		"padded DATA without a payload":    {"000000 00 08 00000001", "error 6 false: client sent padded DATA frame with incorrect length: 0"},
		"DATA of padding that is missing":  {"000002 00 08 00000001 02 00", "error 1 false: client sent padded DATA frame with incorrect length: 2, padding: 2"},
		"DATA of padding alone":            {"000002 00 08 00000001 01 00", `DATA "", stream 1, flags 08`},
		"HEADERS without a block":          {"000000 01 04 00000001", "error 6 false: client sent HEADERS frame with empty header block"},
		"HEADERS without its priority":     {"000004 01 24 00000001 00000000", "error 6 false: client sent HEADERS frame with incorrect length 4"},
		"HEADERS of a priority alone":      {"000005 01 24 00000001 00000000 10", "error 6 false: client sent HEADERS frame with empty header block"},
		"HEADERS of padding":               {"000003 01 0c 00000001 03 8200", "error 1 false: client sent padded HEADERS frame with incorrect length: 2, padding: 3"},
		"HEADERS of padding in a priority": {"000007 01 2c 00000001 03 00000000 10 82", "error 1 false: client sent padded HEADERS frame with incorrect length: 1, padding: 3"},
		"HEADERS that depend on it":        {"000006 01 24 00000001 00000001 10 82", "error 1 false: client sent HEADERS frame for stream 1 with incorrect dependency"},
		"PRIORITY too short":               {"000004 02 00 00000001 00000000", "error 6 false: client sent PRIORITY frame with incorrect length 4"},
		"PRIORITY on stream 0":             {"000005 02 00 00000000 00000000 10", "error 1 false: client sent PRIORITY frame with incorrect identifier"},
		"PRIORITY that depends on it":      {"000005 02 00 00000003 80000003 10", "error 1 true: client sent PRIORITY frame for stream 3 with incorrect dependency"},
		"RST_STREAM too long":              {"000005 03 00 00000001 00000000 00", "error 6 false: client sent RST_STREAM frame with incorrect length 5"},
		"RST_STREAM on stream 0":           {"000004 03 00 00000000 00000000", "error 1 false: client sent RST_STREAM frame with incorrect identifier"},
		"SETTINGS on a stream":             {"000000 04 00 00000001", "error 1 false: client sent SETTINGS frame with incorrect identifier"},
		"SETTINGS with ACK and values":     {"000006 04 01 00000000 0003 00000001", "error 6 false: client sent SETTINGS frame with the ACK flag and nonzero length"},
		"SETTINGS cut":                     {"000005 04 00 00000000 0003 000000", "error 6 false: client sent SETTINGS frame with incorrect length 5"},
		"SETTINGS of a window":             {"000006 04 00 00000000 0004 80000000", "error 3 false: client sent SETTINGS frame with incorrect INITIAL_WINDOW_SIZE value 2147483648"},
		"SETTINGS of a small frame":        {"000006 04 00 00000000 0005 00003fff", "error 1 false: client sent SETTINGS frame with incorrect MAX_FRAME_SIZE value 16383"},
		"SETTINGS of a large frame":        {"000006 04 00 00000000 0005 01000000", "error 1 false: client sent SETTINGS frame with incorrect MAX_FRAME_SIZE value 16777216"},
		"SETTINGS of push":                 {"000006 04 00 00000000 0002 00000002", "error 1 false: client sent SETTINGS frame with incorrect ENABLE_PUSH value 2"},
		"SETTINGS of extended CONNECT":     {"000006 04 00 00000000 0008 00000002", "error 1 false: client sent SETTINGS frame with incorrect ENABLE_CONNECT_PROTOCOL value 2"},
		"SETTINGS nobody knows":            {"000006 04 00 00000000 00ff ffffffff", "SETTINGS 255=4294967295, stream 0, flags 00"},
		"PING too short":                   {"000007 06 00 00000000 00000000000000", "error 6 false: client sent PING frame with incorrect length 7"},
		"PING on a stream":                 {"000008 06 00 00000001 0000000000000000", "error 1 false: client sent PING frame with incorrect identifier"},
		"GOAWAY too short":                 {"000007 07 00 00000000 00000000000000", "error 6 false: client sent GOAWAY frame with incorrect length 7"},
		"GOAWAY on a stream":               {"000008 07 00 00000001 0000000000000000", "error 1 false: client sent GOAWAY frame with incorrect identifier"},
		"WINDOW_UPDATE too short":          {"000003 08 00 00000001 000000", "error 6 false: client sent WINDOW_UPDATE frame with incorrect length 3"},
		"WINDOW_UPDATE of nothing":         {"000004 08 00 00000000 80000000", "error 1 false: client sent WINDOW_UPDATE frame with incorrect window increment 0"},
		"WINDOW_UPDATE of nothing, stream": {"000004 08 00 00000001 00000000", "error 1 true: client sent WINDOW_UPDATE frame with incorrect window increment 0"},
		"the reserved bit":                 {"000000 00 01 80000001", `DATA "", stream 1, flags 01`},
		"an unknown type":                  {"000001 fa ff 00000001 61", `type 250 "a", stream 1, flags ff`},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := hex.DecodeString(strings.ReplaceAll(tc.frame, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			if got := describeAll(b); len(got) != 1 || got[0] != tc.want {
				t.Errorf("got %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestNothingIsAllocated(t *testing.T) {
	out := make([]byte, 0, 100)
	n := testing.AllocsPerRun(100, func() {
		out = h2.AppendWindowUpdate(h2.AppendSettings(out[:0], h2.Setting{ID: h2.InitialWindowSize, Value: 1}), 1, 5)
		f, n, err := h2.Parse(out, h2.DefaultFrameSize)
		if err != nil || h2.ParseSettings(&f) != nil {
			t.Fatal(err)
		}
		if f, _, err = h2.Parse(out[n:], h2.DefaultFrameSize); err != nil {
			t.Fatal(err)
		}
		if _, err = h2.ParseWindowUpdate(&f); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Any bytes are frames or errors; and what is a frame is one, too, where its bytes are in memory of their own.
func FuzzParse(f *testing.F) {
	f.Add([]byte("\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x01\x00\x00\x05\x01\x2c\x00\x00\x00\x01\x01abcd"))
	f.Add(h2.AppendGoAway(h2.AppendPing(nil, h2.Ack, [8]byte{}), 1, h2.NoError))
	f.Fuzz(func(t *testing.T, b []byte) {
		rest := b
		for {
			f, n, err := h2.Parse(rest, h2.DefaultFrameSize)
			if err != nil || n == 0 {
				return
			}
			own := slices.Clip(slices.Clone(rest[:n]))
			g, _, _ := h2.Parse(own, h2.DefaultFrameSize)
			if describe(&f) != describe(&g) {
				t.Fatalf("%q, alone %q", describe(&f), describe(&g))
			}
			rest = rest[n:]
		}
	})
}
