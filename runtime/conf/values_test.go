package conf

import (
	"math"
	"strconv"
	"testing"
)

// The answers are nginx's: those of its time parser, whose leniency (units
// without numbers, a bare number behind a smaller unit) configurations rely on.
func TestParseTime(t *testing.T) {
	const bad = -1
	for _, c := range []struct {
		text      string
		msec, sec int64
	}{
		{"", bad, bad},
		{"0", 0, 0},
		{"30", 30000, 30},
		{"30s", 30000, 30},
		{"500ms", 500, bad},
		{"1m30s", 90000, 90},
		{"1m 30s", 90000, 90},
		{"1h30", 3630000, 3630},
		{"1d12h", 129600000, 129600},
		{"2w", 1209600000, 1209600},
		{"1M", bad, 2592000},
		{"1y", bad, 31536000},
		{"1y6M", bad, 31536000 + 6*2592000},
		{"1M1y", bad, bad},
		{"1s1m", bad, bad},
		{"1h1h", bad, bad},
		{"1s500ms", 1500, bad},
		{"500ms1s", bad, bad},
		{"1ms2", 2001, bad},
		{" 5", 5000, 5},
		{"5 ", 5000, 5},
		{"5 s", bad, bad},
		{"1 2", 3000, 3},
		{"1 2 3", bad, bad},
		{"m5", 5000, 5},
		{"s", bad, bad},
		{" ", bad, bad},
		{"-1", bad, bad},
		{"1.5s", bad, bad},
		{"1x", bad, bad},
		{"1S", bad, bad},
		{"9223372036854775807", bad, math.MaxInt64},
		{"9223372036854775808", bad, bad},
		{"9223372036854775807s1", bad, bad},
		{"292471208678y", bad, bad},
	} {
		for _, p := range []struct {
			name  string
			parse func(string) (int64, bool)
			want  int64
		}{{"ParseMsec", ParseMsec, c.msec}, {"ParseSec", ParseSec, c.sec}} {
			got, ok := p.parse(c.text)
			if ok != (p.want != bad) || ok && got != p.want {
				t.Errorf("%s(%q) = %d, %v; want %d", p.name, c.text, got, ok, p.want)
			}
		}
	}
}

func TestParseSize(t *testing.T) {
	const bad = -1
	for _, c := range []struct {
		text         string
		size, offset int64
	}{
		{"", bad, bad},
		{"0", 0, 0},
		{"512", 512, 512},
		{"8k", 8192, 8192},
		{"8K", 8192, 8192},
		{"1m", 1 << 20, 1 << 20},
		{"1M", 1 << 20, 1 << 20},
		{"1g", bad, 1 << 30},
		{"2G", bad, 2 << 30},
		{"k", bad, bad},
		{"1kk", bad, bad},
		{"1 k", bad, bad},
		{"-1", bad, bad},
		{"0x10", bad, bad},
		{"9223372036854775807", math.MaxInt64, math.MaxInt64},
		{"9007199254740991k", 9007199254740991 << 10, 9007199254740991 << 10},
		{"9007199254740992k", bad, bad},
	} {
		for _, p := range []struct {
			name  string
			parse func(string) (int64, bool)
			want  int64
		}{{"ParseSize", ParseSize, c.size}, {"ParseOffset", ParseOffset, c.offset}} {
			got, ok := p.parse(c.text)
			if ok != (p.want != bad) || ok && got != p.want {
				t.Errorf("%s(%q) = %d, %v; want %d", p.name, c.text, got, ok, p.want)
			}
		}
	}
}

func TestParseInt(t *testing.T) {
	for text, want := range map[string]int{
		"": -1, "0": 0, "007": 7, "42": 42, "+1": -1, "-1": -1, "1a": -1, " 1": -1,
		strconv.Itoa(math.MaxInt): math.MaxInt, strconv.FormatUint(math.MaxInt+1, 10): -1, "99999999999999999999": -1,
	} {
		got, ok := ParseInt(text)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("ParseInt(%q) = %d, %v; want %d", text, got, ok, want)
		}
	}
}

// FuzzValues looks for values that overflow or panic.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"1y6M", "500ms", "8k", "9223372036854775807s", " 1 2", "1ms2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, parse := range []func(string) (int64, bool){ParseMsec, ParseSec, ParseSize, ParseOffset} {
			if n, ok := parse(s); ok && n < 0 {
				t.Errorf("%q: %d", s, n)
			}
		}
	})
}
