package clock

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTexts(t *testing.T) {
	zone := time.Local
	t.Cleanup(func() { time.Local = zone })
	for _, tc := range []struct {
		name                 string
		zone                 *time.Location
		http, log, errl, iso string
	}{
		{
			"utc", time.UTC,
			"Sun, 22 Nov 2026 14:35:55 GMT", "22/Nov/2026:14:35:55 +0000",
			"2026/11/22 14:35:55", "2026-11-22T14:35:55+00:00",
		},
		{
			"west with half an hour", time.FixedZone("", -(3*3600 + 1800)),
			"Sun, 22 Nov 2026 14:35:55 GMT", "22/Nov/2026:11:05:55 -0330",
			"2026/11/22 11:05:55", "2026-11-22T11:05:55-03:30",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			time.Local = tc.zone
			current.Store(nil)
			at := At(time.Date(2026, 11, 22, 14, 35, 55, 123456789, time.UTC))
			for _, p := range [][2]string{
				{string(at.HTTPDate()), tc.http},
				{string(at.LogTime()), tc.log},
				{string(at.ErrLogTime()), tc.errl},
				{string(at.ISO8601()), tc.iso},
				{string(at.AppendMsec(nil)), "1795358155.123"},
				{string(AppendHTTPDate(nil, at.Sec)), tc.http},
			} {
				if p[0] != p[1] {
					t.Errorf("got %q, want %q", p[0], p[1])
				}
			}
		})
	}
	current.Store(nil)
}

func TestNextSecondIsRenderedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		current.Store(nil)
		defer current.Store(nil)
		first := string(HTTPDate())
		time.Sleep(999 * time.Millisecond) // fake time: still the same second
		if s := string(HTTPDate()); s != first {
			t.Errorf("same second: %q then %q", first, s)
		}
		time.Sleep(time.Millisecond)
		if s := string(HTTPDate()); s == first || s != string(Now().HTTPDate()) {
			t.Errorf("the next second still says %q", s)
		}
		if a, b := string(LogTime()), string(Now().LogTime()); a != b {
			t.Errorf("the log says %q, it is %q", a, b)
		}
	})
}

func TestClockSetBack(t *testing.T) {
	current.Store(nil)
	defer current.Store(nil)
	late, early := Time{Sec: 2000}, Time{Sec: 1999}
	late.HTTPDate()
	if got := string(early.HTTPDate()); got != "Thu, 01 Jan 1970 00:33:19 GMT" {
		t.Errorf("older second: %q", got)
	}
	if current.Load().sec != 2000 {
		t.Error("an older second took the cache")
	}
	Time{Sec: 1000}.HTTPDate()
	if current.Load().sec != 1000 {
		t.Error("the cache did not follow a clock that was set back")
	}
}

func TestMono(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := Mono()
		if a <= 0 {
			t.Errorf("it is %d", a)
		}
		time.Sleep(3 * time.Second)
		if d := time.Duration(Mono() - a); d != 3*time.Second {
			t.Errorf("3 s took %v", d)
		}
		if got := MonoOf(MonoTime(a)); got != a {
			t.Errorf("round trip %d, want %d", got, a)
		}
	})
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	dst := make([]byte, 0, 64)
	at := Now()
	at.HTTPDate()
	n := testing.AllocsPerRun(1000, func() {
		_ = at.HTTPDate()
		_ = at.LogTime()
		_ = at.ErrLogTime()
		_ = at.ISO8601()
		_ = at.AppendMsec(dst)
		_ = AppendHTTPDate(dst, 12345)
		_, _ = Now(), Mono()
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkNowHTTPDate(b *testing.B) {
	for b.Loop() {
		HTTPDate()
	}
}

func BenchmarkMono(b *testing.B) {
	for b.Loop() {
		Mono()
	}
}
