package clock

import (
	"strconv"
	"sync/atomic"
	"time"
)

// Time is a wall-clock time as log formats need it: seconds since 1970 and the
// milliseconds within that second.
type Time struct {
	Sec  int64 // seconds since the Unix epoch
	Msec int32 // 0..999
}

// Now reads the wall clock (one call into the vDSO, no system call).
func Now() Time {
	t := time.Now()
	return Time{Sec: t.Unix(), Msec: int32(t.Nanosecond() / int(time.Millisecond))}
}

// At is the Time of t.
func At(t time.Time) Time {
	return Time{Sec: t.Unix(), Msec: int32(t.Nanosecond() / int(time.Millisecond))}
}

// epoch is when the process started; it carries a monotonic reading.
var epoch = time.Now()

// atEpoch is Mono's reading then: 40 years. In a bubble of testing/synctest it is the
// year 2000, which is later than 0 nevertheless.
const atEpoch = int64(40*365*24) * int64(time.Hour)

// Mono is a monotonic time in nanoseconds. It is greater than 0, which can mean "none" or
// "long ago"; else only differences mean anything.
func Mono() int64 { return int64(time.Since(epoch)) + atEpoch }

// MonoTime turns a Mono reading into the time.Time that the runtime's
// deadlines take; it keeps the monotonic reading.
func MonoTime(mono int64) time.Time { return epoch.Add(time.Duration(mono - atEpoch)) }

// MonoOf is the Mono reading that stands for t: the inverse of MonoTime. A time long
// before the process started may give a negative number, but not 0.
func MonoOf(t time.Time) int64 {
	if n := int64(t.Sub(epoch)) + atEpoch; n != 0 {
		return n
	}
	return 1
}

// texts are the renderings of one second. They are immutable once published.
type texts struct {
	sec  int64
	http []byte
	log  []byte
	errl []byte
	iso  []byte
}

// current holds the latest second that anyone asked for. It is a cache: losing
// it costs one rendering.
var current atomic.Pointer[texts]

const (
	httpLayout = "Mon, 02 Jan 2006 15:04:05 GMT"
	logLayout  = "02/Jan/2006:15:04:05 -0700"
	errLayout  = "2006/01/02 15:04:05"
	isoLayout  = "2006-01-02T15:04:05-07:00"
)

// render formats every text of second sec. One array backs them all.
func render(sec int64) *texts {
	t := time.Unix(sec, 0)
	x := &texts{sec: sec}
	b := make([]byte, 0, 128)
	cut := func(from int) []byte { return b[from:len(b):len(b)] }

	b = t.UTC().AppendFormat(b, httpLayout)
	x.http = cut(0)
	n := len(b)
	b = t.AppendFormat(b, logLayout)
	x.log = cut(n)
	n = len(b)
	b = t.AppendFormat(b, errLayout)
	x.errl = cut(n)
	n = len(b)
	b = t.AppendFormat(b, isoLayout)
	x.iso = cut(n)
	return x
}

// of returns the texts of t's second. A second that is older than the cached
// one is rendered for this caller alone, so that two clocks do not fight.
func of(t Time) *texts {
	c := current.Load()
	if c != nil && c.sec == t.Sec {
		return c
	}
	x := render(t.Sec)
	if c == nil || c.sec < t.Sec || c.sec-t.Sec > maxStep {
		current.CompareAndSwap(c, x)
	}
	return x
}

// maxStep is how many seconds the wall clock may have been set back before the
// cache follows it.
const maxStep = 2

// HTTPDate is the time as the Date header carries it (RFC 9110, 5.6.7), e.g.
// "Sun, 22 Nov 2026 14:35:55 GMT".
func (t Time) HTTPDate() []byte { return of(t).http }

// LogTime is nginx's $time_local, e.g. "22/Nov/2026:14:35:55 +0000".
func (t Time) LogTime() []byte { return of(t).log }

// ErrLogTime is the time as the error log begins its lines, e.g.
// "2026/11/22 14:35:55", in local time.
func (t Time) ErrLogTime() []byte { return of(t).errl }

// ISO8601 is nginx's $time_iso8601, e.g. "2026-11-22T14:35:55+00:00".
func (t Time) ISO8601() []byte { return of(t).iso }

// HTTPDate is Now().HTTPDate(), but for a wall clock that was set within the
// second: that shows in the next.
func HTTPDate() []byte { return present().http }

// LogTime is Now().LogTime(), with HTTPDate's reserve.
func LogTime() []byte { return present().log }

// second is the part of the present second that begins with a call that read the
// wall clock. Within it the monotonic clock alone shows that the texts are valid,
// which takes half the time.
type second struct {
	from, end int64 // Mono
	*texts
}

var latest atomic.Pointer[second]

func present() *texts {
	mono := Mono()
	if s := latest.Load(); s != nil && s.from <= mono && mono < s.end {
		return s.texts
	}
	t := time.Now()
	mono = MonoOf(t)
	s := &second{from: mono, end: mono + int64(time.Second) - int64(t.Nanosecond()), texts: of(At(t))}
	latest.Store(s)
	return s.texts
}

// ErrLogTime is Now().ErrLogTime().
func ErrLogTime() []byte { return of(Now()).errl }

// ISO8601 is Now().ISO8601().
func ISO8601() []byte { return of(Now()).iso }

// AppendHTTPDate appends any second since the epoch in the form of the Date
// header; for Last-Modified and Expires, whose times are not now.
func AppendHTTPDate(dst []byte, sec int64) []byte {
	if c := current.Load(); c != nil && c.sec == sec {
		return append(dst, c.http...)
	}
	return time.Unix(sec, 0).UTC().AppendFormat(dst, httpLayout)
}

// AppendMsec appends the time in seconds with three decimals, as nginx's $msec:
// "1795358155.123".
func (t Time) AppendMsec(dst []byte) []byte {
	dst = strconv.AppendInt(dst, t.Sec, 10)
	m := t.Msec
	return append(dst, '.', byte('0'+m/100), byte('0'+m/10%10), byte('0'+m%10))
}
