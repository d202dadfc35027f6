package caching

import "github.com/sluiceproxy/sluice/runtime/wire/h1"

// RFC9111 judges a response by RFC 9111 alone, where *_cache_rfc9111 is on, as [Fresh]
// does by nginx's rules: Field is called for each field of the response, then Judge. The
// zero value is ready for use. What the RFC leaves to a cache nginx decides: cookies
// keep a response from being stored, X-Accel-Expires goes first, and *_cache_valid is
// what the operator says where the response says nothing.
type RFC9111 struct {
	Control
	has      present
	date     int64 // Unix seconds of Date
	expires  int64 // ... of Expires, 0 where that is no date
	modified int64 // ... of Last-Modified
	age      int64 // seconds of Age
	accel    int64 // until when X-Accel-Expires says, or for how many seconds
	vary     []byte
}

// present is what a response has.
type present uint16

const (
	hasDate present = 1 << iota
	hasExpires
	hasModified
	hasAge
	hasETag
	hasAccel   // X-Accel-Expires with seconds
	hasAccelAt // ... with a time
	hasCookie
	varyAny
	varyLong
)

// Field takes a field into account. join puts two values into one with a comma between
// them.
func (s *RFC9111) Field(id h1.FieldID, value []byte, ignore Ignore, join func(a, b []byte) []byte) {
	switch id {
	case h1.CacheControl:
		if ignore&IgnoreCacheControl == 0 {
			s.Add(value)
		}
	case h1.Date:
		s.time(hasDate, &s.date, value)
	case h1.LastModified:
		s.time(hasModified, &s.modified, value)
	case h1.Expires:
		if ignore&IgnoreExpires == 0 && s.has&hasExpires == 0 {
			if !otherZone(value) {
				s.time(hasExpires, &s.expires, value)
			}
			s.has |= hasExpires // also where it is no date: that means the past (section 5.3)
		}
	case h1.Age:
		s.setAge(value)
	case h1.ETag:
		s.has |= hasETag
	case h1.SetCookie:
		if ignore&IgnoreSetCookie == 0 {
			s.has |= hasCookie
		}
	case h1.XAccelExpires:
		if ignore&IgnoreAccelExpires == 0 {
			s.setAccel(value)
		}
	case h1.Vary:
		if ignore&IgnoreVary == 0 {
			s.setVary(value, join)
		}
	}
}

// time reads a date, of which the first counts.
func (s *RFC9111) time(bit present, to *int64, value []byte) {
	if s.has&bit != 0 {
		return
	}
	if t, ok := h1.ParseHTTPDate(value); ok {
		*to = t
		s.has |= bit
	}
}

// otherZone reports whether a date ends with the name of a time zone that is not GMT, which
// h1.ParseHTTPDate does not look at.
func otherZone(value []byte) bool {
	n := len(value)
	return n > 3 && 'A' <= value[n-1] && value[n-1] <= 'Z' && string(value[n-4:]) != " GMT"
}

// setAge reads Age: the first member of the first field, if it is a number (section 5.1).
func (s *RFC9111) setAge(value []byte) {
	if s.has&hasAge != 0 {
		return
	}
	s.has |= hasAge
	first, _, _, _ := nextDirective(value)
	s.age, _ = delta(first)
}

// AgeOf reads the value of an Age field.
func AgeOf(value []byte) int64 {
	var s RFC9111
	s.setAge(value)
	return s.age
}

func (s *RFC9111) setAccel(value []byte) {
	bit := hasAccel
	if len(value) > 0 && value[0] == '@' {
		bit, value = hasAccelAt, value[1:]
	}
	if n, ok := parseNumber(value); ok {
		s.accel = n
		s.has |= bit
	}
}

func (s *RFC9111) setVary(value []byte, join func(a, b []byte) []byte) {
	for rest := value; ; {
		var name []byte
		if name, rest = nextName(rest); len(name) == 0 {
			break
		}
		if len(name) == 1 && name[0] == '*' {
			s.has |= varyAny
		}
	}
	switch {
	case s.has&varyLong != 0: // no more of it is needed
		return
	case s.vary == nil:
		s.vary = value
	default:
		s.vary = join(s.vary, value)
	}
	if len(s.vary) > MaxVary {
		s.has |= varyLong
	}
}

// Vary is the names in all Vary fields, nil without one.
func (s *RFC9111) Vary() []byte { return s.vary }

// Strict says how far a response may be used once it is not fresh any more (section 4.2.4).
type Strict uint8

// From free to forbidden.
const (
	// Free: where the configuration or the request allows it.
	Free Strict = iota
	// Own: only where the response itself allows it. s-maxage is such a case, which by
	// the letter forbids it as well; but stale-while-revalidate beside it has no other
	// meaning than to allow it.
	Own
	// Always: never without validation.
	Always
)

// Strict returns what the response says of that.
func (s *RFC9111) Strict() Strict {
	switch {
	case s.has&(hasAccel|hasAccelAt) != 0:
		return Free
	case s.Has(NoCache | MustRevalidate | ProxyRevalidate):
		return Always
	case s.Has(SMaxAge):
		return Own
	}
	return Free
}

// Context is what has to be known besides a response's fields. Times are in seconds.
type Context struct {
	Status     int
	Now        int64 // when the response was received, of the Unix clock
	Delay      int64 // for how long it was waited for
	Valid      int64 // what *_cache_valid says for the status, see Settings.Lifetime
	Authorized bool  // the request has Authorization
	NoStore    bool  // the request says no-store
	Ranged     bool  // the request was for a range
}

// Judgement says whether a response may be kept, and for how long it is fresh.
type Judgement struct {
	Refused string // why it may not, "" where it may
	Basis   string // where the time comes from
	Valid   int64  // until when it is fresh, Unix seconds
	Born    int64  // its arrival less its age then (corrected_initial_age): Unix seconds
	// Updating and Error are the seconds after Valid as in [Fresh].
	Updating, Error int64
}

// Judge decides about the response.
func (s *RFC9111) Judge(c *Context) (j Judgement) {
	// Section 4.2.3: the larger one of corrected_age_value and apparent_age. Without Date the
	// latter is 0.
	age := s.age + c.Delay
	if s.has&hasDate != 0 {
		age = max(age, c.Now-s.date)
	}
	j.Born = c.Now - age
	if j.Refused = s.refused(c); j.Refused != "" {
		return j
	}
	until, basis, explicit := s.lifetime(c)
	if j.Basis = basis; basis == "" {
		j.Refused = "nothing says for how long it is fresh"
		if c.Valid < 0 {
			j.Refused = "*_cache_valid has 0 for the status"
		}
		return j
	}
	j.Valid = until
	if explicit { // it counts from when the response was made; at the end of it a response is stale
		j.Valid = j.Born + until - 1
	}
	strict := s.Strict()
	if strict == Always && s.Has(NoCache) {
		j.Valid, j.Basis = c.Now-1, "no-cache"
	}
	if strict != Always {
		j.Updating, j.Error = s.WhileRevalidate, max(s.WhileRevalidate, s.IfError)
		if s.Has(IfError) {
			j.Error = s.IfError
		}
	}
	if j.Valid < c.Now && j.Updating == 0 && j.Error == 0 && (s.has&(hasETag|hasModified) == 0 || c.Status != 200 && c.Status != 206) {
		j.Refused = "it is not fresh, and has nothing to be validated by"
	}
	return j
}

// refused says why the response must not be stored, whatever its age (sections 3, 3.5,
// 5.2.2), or is not for another reason.
func (s *RFC9111) refused(c *Context) string {
	accel := s.has&(hasAccel|hasAccelAt) != 0
	understood := s.Has(MustUnderstand) && understands(c.Status)
	switch {
	case s.has&hasCookie != 0:
		return "the response sets a cookie"
	case s.has&varyAny != 0:
		return "Vary is *"
	case s.has&varyLong != 0:
		return "Vary is longer than what is kept of it"
	case c.NoStore:
		return "the request says no-store"
	case c.Status == 206 && !c.Ranged:
		return "it is a part that was not asked for"
	case s.has&hasAccel != 0 && s.accel == 0:
		return "X-Accel-Expires is 0"
	case accel: // what follows is for any cache, and this for ours
		return ""
	case s.Has(MustUnderstand) && !understood:
		return "must-understand, and the status is not known"
	case s.Has(NoStore) && !understood:
		return "Cache-Control says no-store"
	case s.Has(Private):
		return "Cache-Control says private"
	case c.Authorized && !s.Has(Public|MustRevalidate|SMaxAge):
		return "the request has Authorization, and Cache-Control does not allow it"
	}
	return ""
}

// maxHeuristic bounds the lifetime of a response that only says when it was changed last
// (section 4.2.2): a day.
const maxHeuristic = 24 * 3600

// lifetime is for how long the response is fresh (section 4.2.1): seconds from when it was
// made where explicit is true, else the end, as what the operator says counts from the
// arrival. basis is "" where there is nothing that says it.
func (s *RFC9111) lifetime(c *Context) (until int64, basis string, explicit bool) {
	switch {
	case s.has&hasAccelAt != 0:
		return s.accel, "X-Accel-Expires", false
	case s.has&hasAccel != 0:
		return add(c.Now, s.accel), "X-Accel-Expires", false
	case s.Has(SMaxAge):
		return s.SMaxAge, "s-maxage", true
	case s.Has(MaxAge):
		return s.MaxAge, "max-age", true
	case s.has&hasExpires != 0:
		from := c.Now
		if s.has&hasDate != 0 {
			from = s.date
		}
		return max(s.expires-from, 0), "Expires", true
	case c.Valid > 0:
		return c.Now + c.Valid, "*_cache_valid", false
	case c.Valid < 0 && !s.Has(NoCache):
		return 0, "", false
	case s.has&hasModified != 0 && (s.Has(Public) || heuristic(c.Status)):
		from := c.Now
		if s.has&hasDate != 0 {
			from = s.date
		}
		return min(max(from-s.modified, 0)/10, maxHeuristic), "a tenth of the time since Last-Modified", true
	case s.Has(NoCache):
		return 0, "no-cache", true
	}
	return 0, "", false
}

// heuristic reports whether a response with a status may be kept though it does not say
// for how long (RFC 9110, section 15.1).
func heuristic(status int) bool {
	switch status {
	case 200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501:
		return true
	}
	return false
}

// understands reports whether a status is one of those that are registered, none of which
// wants more of a cache than what is done here.
func understands(status int) bool {
	switch {
	case 200 <= status && status <= 208, status == 226, 300 <= status && status <= 308:
		return status != 304
	case 400 <= status && status <= 418, 421 <= status && status <= 426:
		return true
	case status == 428, status == 429, status == 431, status == 451:
		return true
	}
	return 500 <= status && status <= 508 || status == 510 || status == 511
}
