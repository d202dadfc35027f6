package headers

import (
	"strconv"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// kind is what an expires time counts from.
type kind uint8

const (
	off kind = iota
	epoch
	maximum
	access   // the time of the request
	modified // the time the file was modified
	daily    // midnight
)

// expires is an expires directive.
type expires struct {
	kind   kind
	time   int64         // seconds, may be negative
	value  *script.Value // when it has variables: the text of kind and time
	maxAge []byte        // Cache-Control when it is always the same
}

// The texts of the fixed forms.
var (
	epochDate   = []byte("Thu, 01 Jan 1970 00:00:01 GMT")
	maximumDate = []byte("Thu, 31 Dec 2037 23:55:55 GMT")
	noCache     = []byte("no-cache")
	tenYears    = []byte("max-age=315360000")
	ageZero     = []byte("max-age=0")
	expiresName = []byte("Expires")
	ccName      = []byte("Cache-Control")
)

// parseDirective reads expires; nil stands for off.
func parseDirective(b *httpd.Builder, c *conf.Cmd) (*expires, error) {
	e := &expires{kind: access}
	last := len(c.Args) - 1
	if last == 1 {
		if c.Arg(0) != "modified" {
			return nil, c.Bad("invalid value")
		}
		e.kind = modified
	}
	v, err := b.Value(c, last)
	if err != nil {
		return nil, err
	}
	if _, static := v.Static(); !static {
		e.value = v
		return e, nil
	}
	if problem := e.parse(c.Arg(last)); problem != "" {
		return nil, c.Bad(problem)
	}
	if e.kind == off {
		return nil, nil
	}
	if e.kind == access && e.time >= 0 {
		e.maxAge = strconv.AppendInt([]byte("max-age="), e.time, 10)
	}
	return e, nil
}

// parse reads a time, e.kind being access or modified; it returns what is
// wrong with it.
func (e *expires) parse(s string) (problem string) {
	if e.kind != modified {
		switch s {
		case "epoch":
			e.kind = epoch
			return ""
		case "max":
			e.kind = maximum
			return ""
		case "off":
			e.kind = off
			return ""
		}
	}
	minus := false
	switch {
	case strings.HasPrefix(s, "@"):
		if e.kind == modified {
			return `daily time cannot be used with "modified" parameter`
		}
		e.kind = daily
		s = s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	case strings.HasPrefix(s, "-"):
		minus = true
		s = s[1:]
	}
	n, ok := conf.ParseSec(s)
	if !ok {
		return "invalid value"
	}
	if e.kind == daily && n > 24*60*60 {
		return "daily time value must be less than 24 hours"
	}
	if e.time = n; minus {
		e.time = -n
	}
	return ""
}

// apply sets Expires and Cache-Control.
func (e *expires) apply(r *httpd.Request) {
	now := *e
	if e.value != nil {
		if now.parse(string(e.value.Eval(r))) != "" || now.kind == off {
			return
		}
	}
	date, cc := now.texts(r, e.time < 0)
	if h := r.Out.Find(h1.Expires); h != nil {
		h.Value = date
	} else {
		r.Out.Add(h1.Expires, expiresName, date)
	}
	if h := r.Out.Find(h1.CacheControl); h != nil {
		name := h.Name
		r.Out.Remove(h1.CacheControl)
		h.Name, h.Value, h.Hidden = name, cc, false
	} else {
		r.Out.Add(h1.CacheControl, ccName, cc)
	}
}

// texts returns the values of Expires and Cache-Control.
func (e *expires) texts(r *httpd.Request, negative bool) (date, cc []byte) {
	switch {
	case e.kind == epoch:
		return epochDate, noCache
	case e.kind == maximum:
		return maximumDate, tenYears
	case e.time == 0 && e.kind != daily:
		return clock.HTTPDate(), ageZero
	}
	now := clock.Now().Sec
	at, age := now+e.time, e.time
	switch {
	case e.kind == daily:
		at = nextTime(now, e.time, time.Local)
		age = at - now
	case e.kind == modified && r.Out.LastModified != -1:
		at = r.Out.LastModified + e.time
		age = at - now
	}
	date = clock.AppendHTTPDate(r.Alloc(32)[:0], at)
	switch {
	case negative || age < 0:
		return date, noCache
	case e.maxAge != nil:
		return date, e.maxAge
	}
	return date, strconv.AppendInt(append(r.Alloc(32)[:0], "max-age="...), age, 10)
}

// nextTime returns the next moment after now at which the clock of loc shows
// the given second of the day.
func nextTime(now, second int64, loc *time.Location) int64 {
	y, m, d := time.Unix(now, 0).In(loc).Date()
	h, mi, s := int(second/3600), int(second/60%60), int(second%60)
	if at := time.Date(y, m, d, h, mi, s, 0, loc).Unix(); at > now {
		return at
	}
	return time.Date(y, m, d+1, h, mi, s, 0, loc).Unix()
}
