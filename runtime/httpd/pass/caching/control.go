package caching

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Directive is one directive, or a set of directives, of Cache-Control.
type Directive uint16

// The directives that count, of requests and of responses: those of RFC 9111, section 5.2,
// and stale-while-revalidate and stale-if-error of RFC 5861.
const (
	NoStore Directive = 1 << iota
	NoCache
	Private
	Public
	MustRevalidate
	ProxyRevalidate
	MustUnderstand
	OnlyIfCached
	MaxAge
	SMaxAge
	MinFresh
	MaxStale
	WhileRevalidate
	IfError
)

// Control are the directives of all Cache-Control fields of one message (RFC 9111,
// section 5.2), as package caching reads them where *_cache_rfc9111 is on: as a list,
// where nginx looks for words in the text. The zero value is that of a message without
// any.
type Control struct {
	Set Directive
	// The seconds of those that are in Set.
	MaxAge, SMaxAge, MinFresh, MaxStale, WhileRevalidate, IfError int64
}

// Has reports whether the message has one of the directives.
func (c *Control) Has(d Directive) bool { return c.Set&d != 0 }

// Add reads one field.
func (c *Control) Add(value []byte) {
	for len(value) > 0 {
		var name, arg []byte
		var valued bool
		name, arg, valued, value = nextDirective(value)
		c.note(name, arg, valued)
	}
}

// words are the directives by name.
var words = [...]struct {
	name string
	d    Directive
}{
	{"no-store", NoStore},
	{"no-cache", NoCache},
	{"private", Private},
	{"public", Public},
	{"must-revalidate", MustRevalidate},
	{"proxy-revalidate", ProxyRevalidate},
	{"must-understand", MustUnderstand},
	{"only-if-cached", OnlyIfCached},
	{"max-age", MaxAge},
	{"s-maxage", SMaxAge},
	{"min-fresh", MinFresh},
	{"max-stale", MaxStale},
	{"stale-while-revalidate", WhileRevalidate},
	{"stale-if-error", IfError},
}

// note takes one directive into account. Of several with a name the first counts. What
// stands behind "=" in others than those with seconds restricts them to some fields of
// the message, which is not looked at: they hold for all of it (sections 5.2.2.4, 5.2.2.7).
func (c *Control) note(name, arg []byte, valued bool) {
	for i := range words {
		w := &words[i]
		if !h1.EqualFold(name, w.name) {
			continue
		}
		if c.Has(w.d) {
			return
		}
		c.Set |= w.d
		n, ok := delta(arg)
		switch w.d {
		case MaxAge: // an invalid number is none that lets a response be used (section 4.2.1)
			c.MaxAge = n
		case SMaxAge:
			c.SMaxAge = n
		case MinFresh:
			c.MinFresh = n
		case MaxStale:
			if !valued {
				n, ok = maxDelta, true
			}
			c.MaxStale = n
		case WhileRevalidate:
			c.WhileRevalidate = n
		case IfError:
			c.IfError = n
		default:
			ok = true
		}
		if !ok && w.d&(MinFresh|MaxStale|WhileRevalidate|IfError) != 0 {
			c.Set &^= w.d
		}
		return
	}
}

// maxDelta is what a larger number of seconds counts as (section 1.2.2).
const maxDelta = 1 << 31

// delta reads a number of seconds, in quotes or not; 0 for what is none.
func delta(v []byte) (n int64, ok bool) {
	if len(v) == 0 {
		return 0, false
	}
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int64(c-'0'), maxDelta)
	}
	return n, true
}

// nextDirective cuts the first directive off a list, with what stands behind its "=", of
// which quotes are taken off. A comma in quotes does not end it.
func nextDirective(list []byte) (name, arg []byte, valued bool, rest []byte) {
	end, equals, quoted := 0, -1, false
scan:
	for ; end < len(list); end++ {
		switch c := list[end]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			end++
		case quoted:
		case c == ',':
			break scan
		case c == '=' && equals < 0:
			equals = end
		}
	}
	end = min(end, len(list))
	rest = list[min(end+1, len(list)):]
	if equals < 0 {
		return trim(list[:end]), nil, false, rest
	}
	arg = trim(list[equals+1 : end])
	if n := len(arg); n >= 2 && arg[0] == '"' && arg[n-1] == '"' {
		arg = arg[1 : n-1]
	}
	return trim(list[:equals]), arg, true, rest
}

// trim takes spaces and tabs off both ends.
func trim(b []byte) []byte { return bytes.Trim(b, " \t") }
