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

// ParseMsec reads a time such as 500ms, 30, 1m30s, 1y6M into milliseconds.
func ParseMsec(s string) (int64, bool) { return parseTime(s, false) }

// ParseSec reads a time into seconds; milliseconds are refused.
func ParseSec(s string) (int64, bool) { return parseTime(s, true) }

// timeUnits are in the order in which they must follow each other.
var timeUnits = [...]struct {
	unit    string
	seconds int64
}{
	{"y", 365 * 86400},
	{"M", 30 * 86400},
	{"w", 7 * 86400},
	{"d", 86400},
	{"h", 3600},
	{"m", 60},
	{"s", 1},
}

func parseTime(s string, sec bool) (int64, bool) {
	scale := int64(1000)
	if sec {
		scale = 1
	}
	var total int64
	last := -1 // index of the unit before
	i, any := 0, false
	for i < len(s) {
		if s[i] == ' ' {
			if !any {
				return 0, false
			}
			i++
			continue
		}
		start := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		n, ok := ParseInt(s[start:i])
		if !ok {
			return 0, false
		}
		any = true
		mult, unit, width := unitAt(s[i:], scale, sec)
		if unit <= last {
			return 0, false
		}
		last = unit
		i += width
		if mult != 0 && int64(n) > (math.MaxInt64-total)/mult {
			return 0, false
		}
		total += int64(n) * mult
	}
	return total, any
}

// unitAt reads a unit; the rank orders units from years down to none.
func unitAt(s string, scale int64, sec bool) (mult int64, rank, width int) {
	if s == "" || s[0] == ' ' {
		return scale, len(timeUnits), 0
	}
	if len(s) > 1 && s[0] == 'm' && s[1] == 's' {
		if sec {
			return 0, -1, 0
		}
		return 1, len(timeUnits), 2
	}
	for i, u := range timeUnits {
		if s[0] == u.unit[0] {
			return u.seconds * scale, i, 1
		}
	}
	return 0, -1, 0
}
