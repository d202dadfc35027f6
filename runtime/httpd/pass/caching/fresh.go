package caching

import (
	"math"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Ignore is a set of fields of a response that are not obeyed: what *_ignore_headers
// says of those that concern a cache.
type Ignore uint8

// The fields.
const (
	IgnoreAccelExpires Ignore = 1 << iota
	IgnoreExpires
	IgnoreCacheControl
	IgnoreSetCookie
	IgnoreVary
)

// MaxVary is the longest Vary that is kept; a response with a longer one is not.
const MaxVary = 128

// Fresh is what the fields of one response say about keeping it. Times are seconds of
// the Unix clock or numbers of seconds. The fields are to be given to Field in the order in
// which they came: of X-Accel-Expires, Expires and Cache-Control the order decides.
type Fresh struct {
	Valid    int64  // until when the response is fresh; 0: *_cache_valid decides
	Updating int64  // seconds after that in which it may be sent while it is updated
	Error    int64  // ... in which it may be sent when the update fails
	Born     int64  // when the response would have been made for its age; 0: when it was received
	Vary     []byte // all Vary fields, joined; memory of the response or of join's caller

	refused bool   // the response must not be kept
	noCache bool   // Cache-Control forbids it, unless X-Accel-Expires allows it later
	expired bool   // Expires lies in the past, unless another field says otherwise
	accel   bool   // there was an X-Accel-Expires
	reason  string // of refused, noCache or expired, for explain
}

// Reset prepares for a response.
func (f *Fresh) Reset() { *f = Fresh{} }

// Refuse says that the response is not kept.
func (f *Fresh) Refuse(reason string) {
	if !f.refused {
		f.refused, f.reason = true, reason
	}
}

// Keeps reports whether the fields let the response be kept.
func (f *Fresh) Keeps() bool { return !f.refused && !f.noCache && !f.expired }

// Reason says why Keeps is false.
func (f *Fresh) Reason() string {
	switch {
	case f.refused:
		return f.reason
	case f.noCache:
		return "Cache-Control forbids it"
	case f.expired:
		return "Expires lies in the past"
	}
	return ""
}

// Field takes a field into account. now is the time in seconds; join puts two values into
// one with a comma between them.
func (f *Fresh) Field(id h1.FieldID, value []byte, ignore Ignore, now int64, join func(a, b []byte) []byte) {
	switch id {
	case h1.SetCookie:
		if ignore&IgnoreSetCookie == 0 {
			f.Refuse("the response sets a cookie")
		}
	case h1.XAccelExpires:
		f.accel = true
		if ignore&IgnoreAccelExpires == 0 {
			f.accelExpires(value, now)
		}
	case h1.Expires:
		if ignore&IgnoreExpires == 0 && f.Valid == 0 {
			f.expires(value, now)
		}
	case h1.CacheControl:
		if ignore&IgnoreCacheControl == 0 {
			f.cacheControl(value, now)
		}
	case h1.Vary:
		if ignore&IgnoreVary == 0 {
			f.vary(value, join)
		}
	}
}

// accelExpires obeys X-Accel-Expires: seconds, or @ and a time.
func (f *Fresh) accelExpires(value []byte, now int64) {
	at := len(value) > 0 && value[0] == '@'
	if at {
		value = value[1:]
	}
	n, ok := parseNumber(value)
	switch {
	case !ok:
		return
	case !at && n == 0:
		f.Refuse("X-Accel-Expires is 0")
		return
	case !at:
		n += now
	}
	f.Valid, f.noCache, f.expired = n, false, false
}

func (f *Fresh) expires(value []byte, now int64) {
	t, ok := h1.ParseHTTPDate(value)
	if !ok || t < now {
		f.expired = true
		return
	}
	f.Valid = t
}

// cacheControl obeys one Cache-Control field. A valid X-Accel-Expires before it has
// priority.
func (f *Fresh) cacheControl(value []byte, now int64) {
	if f.Valid == 0 || !f.accel {
		if h1.ContainsFold(value, "no-cache") || h1.ContainsFold(value, "no-store") || h1.ContainsFold(value, "private") {
			f.noCache = true
			return
		}
		n, found, ok := seconds(value, "s-maxage=")
		if !found {
			n, found, ok = seconds(value, "max-age=")
		}
		switch {
		case found && !ok:
			f.Refuse("Cache-Control has an invalid number")
			return
		case found && n == 0:
			f.noCache = true
			return
		case found:
			f.Valid, f.expired = add(now, n), false
		}
	}
	n, found, ok := seconds(value, "stale-while-revalidate=")
	if found && ok {
		f.Updating, f.Error = n, n
	} else if found {
		f.Refuse("Cache-Control has an invalid number")
		return
	}
	n, found, ok = seconds(value, "stale-if-error=")
	if found && ok {
		f.Error = n
	} else if found {
		f.Refuse("Cache-Control has an invalid number")
	}
}

func (f *Fresh) vary(value []byte, join func(a, b []byte) []byte) {
	switch {
	case f.refused:
		return
	case len(value) == 1 && value[0] == '*':
		f.Refuse("Vary is *")
		return
	case f.Vary == nil:
		f.Vary = value
	default:
		f.Vary = join(f.Vary, value)
	}
	if len(f.Vary) > MaxVary {
		f.Refuse("Vary is longer than what is kept of it")
	}
}

// seconds returns the number that follows a word such as "max-age=".
func seconds(value []byte, word string) (n int64, found, ok bool) {
	i := h1.IndexFold(value, word)
	if i < 0 {
		return 0, false, false
	}
	for _, c := range value[i+len(word):] {
		switch {
		case c == ',' || c == ';' || c == ' ':
			return n, true, true
		case c < '0' || c > '9':
			return 0, true, false
		case n > (math.MaxInt64-9)/10:
			return math.MaxInt64, true, true
		}
		n = n*10 + int64(c-'0')
	}
	return n, true, true
}

// add is a + b, at most the largest number.
func add(a, b int64) int64 {
	if b > math.MaxInt64-a {
		return math.MaxInt64
	}
	return a + b
}

// parseNumber reads a decimal number.
func parseNumber(v []byte) (n int64, ok bool) {
	if len(v) == 0 {
		return 0, false
	}
	for _, c := range v {
		if c < '0' || c > '9' || n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
