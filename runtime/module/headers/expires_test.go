package headers

import (
	"testing"
	"time"
)

func TestParseExpires(t *testing.T) {
	for _, tc := range []struct {
		text    string
		from    kind
		kind    kind
		seconds int64
		problem string
	}{
		{"epoch", access, epoch, 0, ""},
		{"max", access, maximum, 0, ""},
		{"off", access, off, 0, ""},
		{"0", access, access, 0, ""},
		{"1h", access, access, 3600, ""},
		{"+2h", access, access, 7200, ""},
		{"-1", access, access, -1, ""},
		{"1d2h", modified, modified, 93600, ""},
		{"@15h30m", access, daily, 55800, ""},
		{"@24h", access, daily, 86400, ""},
		{"@25h", access, daily, 90000, "daily time value must be less than 24 hours"},
		{"@1h", modified, modified, 0, `daily time cannot be used with "modified" parameter`},
		{"epoch", modified, modified, 0, "invalid value"},
		{"", access, access, 0, "invalid value"},
		{"+", access, access, 0, "invalid value"},
		{"1ms", access, access, 0, "invalid value"},
		{"soon", access, access, 0, "invalid value"},
	} {
		t.Run(tc.text, func(t *testing.T) {
			e := expires{kind: tc.from}
			problem := e.parse(tc.text)
			if problem != tc.problem {
				t.Fatalf("problem %q, want %q", problem, tc.problem)
			}
			if problem == "" && (e.kind != tc.kind || e.time != tc.seconds) {
				t.Errorf("%v %d, want %v %d", e.kind, e.time, tc.kind, tc.seconds)
			}
		})
	}
}

func TestNextTime(t *testing.T) {
	zone := time.FixedZone("east", 2*3600)
	at := func(day, hour, minute int) int64 { return time.Date(2026, 3, day, hour, minute, 0, 0, zone).Unix() }
	for _, tc := range []struct {
		name              string
		now, second, want int64
	}{
		{"later today", at(5, 10, 0), 15*3600 + 1800, at(5, 15, 30)},
		{"tomorrow", at(5, 16, 0), 15*3600 + 1800, at(6, 15, 30)},
		{"now is over", at(5, 15, 30), 15*3600 + 1800, at(6, 15, 30)},
		{"midnight", at(5, 0, 1), 0, at(6, 0, 0)},
		{"end of the month", at(31, 23, 0), 3600, at(32, 1, 0)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := nextTime(tc.now, tc.second, zone); got != tc.want {
				t.Errorf("%v, want %v", time.Unix(got, 0).In(zone), time.Unix(tc.want, 0).In(zone))
			}
		})
	}
}
