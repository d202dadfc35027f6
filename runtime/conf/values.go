package conf

import "math"

// ParseInt reads an unsigned decimal number, nothing else.
func ParseInt(s string) (int, bool) {
	if s == "" {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		d := int(s[i]) - '0'
		if d < 0 || d > 9 || n > (math.MaxInt-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// ParseSize reads a size with an optional k or m.
func ParseSize(s string) (int64, bool) { return parseUnit(s, false) }

// ParseOffset reads a size with an optional k, m or g.
func ParseOffset(s string) (int64, bool) { return parseUnit(s, true) }

func parseUnit(s string, giga bool) (int64, bool) {
	if s == "" {
		return 0, false
	}
	scale := 1
	switch s[len(s)-1] | 0x20 {
	case 'k':
		scale = 1 << 10
	case 'm':
		scale = 1 << 20
	case 'g':
		if giga {
			scale = 1 << 30
		}
	}
	if scale > 1 {
		s = s[:len(s)-1]
	}
	n, ok := ParseInt(s)
	if !ok || n > math.MaxInt/scale {
		return 0, false
	}
	return int64(n * scale), true
}

// ParseMsec reads a time such as 500ms, 30, 1m30s or 2w into milliseconds.
// Years and months are refused, as by nginx: a timeout is never that long.
func ParseMsec(s string) (int64, bool) { return parseTime(s, 1000, monthRank) }

// ParseSec reads a time such as 30, 1h30m or 1y6M into seconds; milliseconds
// are refused.
func ParseSec(s string) (int64, bool) { return parseTime(s, 1, startRank) }

// The ranks order units, which must follow each other in this order.
const (
	startRank = iota
	yearRank
	monthRank
	weekRank
	dayRank
	hourRank
	minuteRank
	secondRank
	msecRank
	lastRank // a number without a unit, followed by white space
)

// timeUnit is what stands behind a number.
type timeUnit struct {
	rank   int
	before int   // the unit is refused when one of this rank or a later one came before it
	scale  int64 // in seconds; 0: a millisecond
}

// unitOf finds the unit that s begins with and its length, 0 for none.
func unitOf(s string) (u timeUnit, width int) {
	switch s[0] {
	case 'y':
		return timeUnit{yearRank, yearRank, 365 * 86400}, 1
	case 'M':
		return timeUnit{monthRank, monthRank, 30 * 86400}, 1
	case 'w':
		return timeUnit{weekRank, weekRank, 7 * 86400}, 1
	case 'd':
		return timeUnit{dayRank, dayRank, 86400}, 1
	case 'h':
		return timeUnit{hourRank, hourRank, 3600}, 1
	case 'm':
		if len(s) > 1 && s[1] == 's' {
			return timeUnit{msecRank, msecRank, 0}, 2
		}
		return timeUnit{minuteRank, minuteRank, 60}, 1
	case 's':
		return timeUnit{secondRank, secondRank, 1}, 1
	case ' ':
		return timeUnit{lastRank, secondRank, 1}, 1
	}
	return u, 0
}

// parseTime reads numbers with units; perSecond is how many of the result's
// units make a second, step the rank that counts as having come already.
//
// It is as lenient as nginx: a unit without a number counts nothing, and a
// number without a unit at the end is seconds even behind a smaller unit.
func parseTime(s string, perSecond int64, step int) (int64, bool) {
	var total, value int64
	valid := false
	for i := 0; i < len(s); {
		if d := int64(s[i]) - '0'; d >= 0 && d <= 9 {
			if value > (math.MaxInt64-d)/10 {
				return 0, false
			}
			value = value*10 + d
			valid = true
			i++
			continue
		}
		u, width := unitOf(s[i:])
		if width == 0 || step >= u.before || u.scale == 0 && perSecond == 1 {
			return 0, false
		}
		step = u.rank
		i += width
		var ok bool
		if total, ok = addScaled(total, value, max(u.scale*perSecond, 1)); !ok {
			return 0, false
		}
		value = 0
		for i < len(s) && s[i] == ' ' {
			i++
		}
	}
	if !valid {
		return 0, false
	}
	return addScaled(total, value, perSecond)
}

func addScaled(total, value, scale int64) (int64, bool) {
	if value > (math.MaxInt64-total)/scale {
		return 0, false
	}
	return total + value*scale, true
}
