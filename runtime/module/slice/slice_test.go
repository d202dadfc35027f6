package slice

import "testing"

func TestParseRange(t *testing.T) {
	tests := []struct {
		value string
		want  contentRange
		ok    bool
	}{
		{"bytes 0-3/10", contentRange{0, 4, 10}, true},
		{"bytes  0 - 3 / 10 ", contentRange{0, 4, 10}, true},
		{"bytes 0-3/*", contentRange{0, 4, -1}, true},
		{"bytes 0-9223372036854775806/9223372036854775807", contentRange{0, 9223372036854775807, 9223372036854775807}, true},
		{value: ""},
		{value: "bytes"},
		{value: "bytes 0-3"},
		{value: "bytes -3/10"},
		{value: "bytes 0-/10"},
		{value: "bytes 0-3/"},
		{value: "bytes 0-3/10x"},
		{value: "bytes */10"},
		{value: "items 0-3/10"},
		{value: "bytes 0-9223372036854775807/1"},
		{value: "bytes 0-3/9223372036854775808"},
	}
	for _, tt := range tests {
		c, ok := parseRange([]byte(tt.value))
		if ok != tt.ok || ok && c != tt.want {
			t.Errorf("%q: %v %v, want %v %v", tt.value, c, ok, tt.want, tt.ok)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	f.Add("bytes 0-3/10")
	f.Add("bytes 0-3/*")
	f.Fuzz(func(t *testing.T, value string) {
		if c, ok := parseRange([]byte(value)); ok && (c.start < 0 || c.end < 1 || c.total < -1) {
			t.Errorf("%v", c)
		}
	})
}
