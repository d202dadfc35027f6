package log

import "testing"

func TestAppendSeconds(t *testing.T) {
	for _, tc := range []struct {
		ms   int64
		want string
	}{
		{-5, "0.000"},
		{0, "0.000"},
		{7, "0.007"},
		{42, "0.042"},
		{999, "0.999"},
		{1000, "1.000"},
		{3601234, "3601.234"},
	} {
		if got := string(appendSeconds(nil, tc.ms)); got != tc.want {
			t.Errorf("%d ms: %s, want %s", tc.ms, got, tc.want)
		}
	}
}

func TestAppendPadded(t *testing.T) {
	for n, want := range map[int]string{0: "000", 9: "009", 99: "099", 100: "100", 599: "599", 1000: "1000"} {
		if got := string(appendPadded(nil, n)); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
