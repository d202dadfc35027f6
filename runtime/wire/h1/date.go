package h1

import "time"

// daysIn are the days of the months, February without its leap day.
var daysIn = [12]uint64{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// ParseHTTPDate parses a date in one of the three forms of RFC 9110, section
// 5.6.7, into seconds since 1970. Like nginx it reads neither the day of the
// week nor the zone, takes months by the letters that tell them apart, and
// ignores what follows the time. ok is also false for the second before 1970,
// which nginx cannot tell from an error.
func ParseHTTPDate(b []byte) (unix int64, ok bool) {
	form := formRFC1123
	for len(b) > 0 && b[0] != ',' {
		if b[0] == ' ' {
			form = formAsctime
			break
		}
		b = b[1:]
	}
	if len(b) > 0 {
		b = skipSpaces(b[1:])
	}
	if len(b) < 18 {
		return 0, false
	}
	d, ok := parseDay(b, form)
	if !ok || d.hour > 23 || d.min > 59 || d.sec > 59 {
		return 0, false
	}
	if d.day == 29 && d.month == 1 {
		if d.year%4 != 0 || d.year%100 == 0 && d.year%400 != 0 {
			return 0, false
		}
	} else if d.day > daysIn[d.month] {
		return 0, false
	}
	unix = d.unix()
	return unix, unix != -1
}

// The forms of a date.
const (
	formRFC1123 = iota // 10 Nov 2002 23:50:13
	formRFC850         // 10-Dec-02 23:50:13
	formAsctime        // Dec 10 23:50:13 2002
)

// civil is a date as written; month counts from 0.
type civil struct {
	year, month, day, hour, min, sec uint64
}

// parseDay parses the date behind the day of the week, 18 bytes at least.
func parseDay(b []byte, form int) (d civil, ok bool) {
	if form != formAsctime {
		if d.day, ok = digits(b, 2); !ok {
			return d, false
		}
		switch {
		case b[2] == '-':
			form = formRFC850
		case b[2] != ' ' || len(b) < 20:
			return d, false
		}
		b = b[3:]
	}
	if d.month, ok = parseMonth(b); !ok {
		return d, false
	}
	sep := b[3]
	b = b[4:]

	switch form {
	case formRFC1123:
		if d.year, ok = digits(b, 4); !ok || sep != ' ' {
			return d, false
		}
		b = b[4:]
	case formRFC850:
		if d.year, ok = digits(b, 2); !ok || sep != '-' {
			return d, false
		}
		if d.year < 70 {
			d.year += 100
		}
		d.year += 1900
		b = b[2:]
	default:
		if b[0] == ' ' {
			b = b[1:]
		}
		if d.day, ok = digits(b, 1); !ok {
			return d, false
		}
		b = b[1:]
		if b[0] != ' ' {
			low, ok := digits(b, 1)
			if !ok {
				return d, false
			}
			d.day = d.day*10 + low
			b = b[1:]
		}
		if len(b) < 14 {
			return d, false
		}
	}

	if b[0] != ' ' || !d.parseTime(b[1:]) {
		return d, false
	}
	if form == formAsctime {
		if d.year, ok = digits(b[10:], 4); !ok || b[9] != ' ' {
			return d, false
		}
	}
	return d, true
}

// parseTime parses 23:50:13.
func (d *civil) parseTime(b []byte) (ok bool) {
	if d.hour, ok = digits(b, 2); !ok || b[2] != ':' {
		return false
	}
	if d.min, ok = digits(b[3:], 2); !ok || b[5] != ':' {
		return false
	}
	d.sec, ok = digits(b[6:], 2)
	return ok
}

// parseMonth returns the month, from 0, that b begins with.
func parseMonth(b []byte) (uint64, bool) {
	switch b[0] {
	case 'J':
		switch {
		case b[1] == 'a':
			return 0, true
		case b[2] == 'n':
			return 5, true
		}
		return 6, true
	case 'F':
		return 1, true
	case 'M':
		if b[2] == 'r' {
			return 2, true
		}
		return 4, true
	case 'A':
		if b[1] == 'p' {
			return 3, true
		}
		return 7, true
	case 'S':
		return 8, true
	case 'O':
		return 9, true
	case 'N':
		return 10, true
	case 'D':
		return 11, true
	}
	return 0, false
}

// digits returns the value of the first n bytes of b, all of them digits.
func digits(b []byte, n int) (v uint64, ok bool) {
	for _, c := range b[:n] {
		if !isDigit(c) {
			return 0, false
		}
		v = v*10 + uint64(c-'0')
	}
	return v, true
}

// unix returns the seconds since 1970; day 0 is the last of the month before.
func (d civil) unix() int64 {
	return time.Date(int(d.year), time.Month(d.month+1), int(d.day),
		int(d.hour), int(d.min), int(d.sec), 0, time.UTC).Unix()
}

const (
	weekdays = "SunMonTueWedThuFriSat"
	months   = "JanFebMarAprMayJunJulAugSepOctNovDec"
)

// maxDate is the end of the year 9999, the last date that is written.
const maxDate = 253402300799

// AppendHTTPDate appends unix, in seconds, as "Sun, 06 Nov 1994 08:49:37 GMT".
// Times before 1970 are written as 1970.
func AppendHTTPDate(dst []byte, unix int64) []byte {
	return appendDate(dst, unix, ' ')
}

// AppendCookieDate appends unix, in seconds, as Set-Cookie has it: "Thu,
// 31-Dec-37 23:55:55 GMT", the year with four digits from 2038 on.
func AppendCookieDate(dst []byte, unix int64) []byte {
	return appendDate(dst, unix, '-')
}

func appendDate(dst []byte, unix int64, sep byte) []byte {
	t := time.Unix(min(max(unix, 0), maxDate), 0).UTC()
	year, month, day := t.Date()
	hour, minute, sec := t.Clock()

	w := 3 * int(t.Weekday())
	dst = append(dst, weekdays[w:w+3]...)
	dst = append(dst, ',', ' ')
	dst = append2(dst, day)
	dst = append(dst, sep)
	m := 3 * int(month-1)
	dst = append(dst, months[m:m+3]...)
	dst = append(dst, sep)
	if sep == ' ' || year > 2037 {
		dst = append2(dst, year/100)
	}
	dst = append2(dst, year%100)
	dst = append(dst, ' ')
	dst = append2(dst, hour)
	dst = append(dst, ':')
	dst = append2(dst, minute)
	dst = append(dst, ':')
	dst = append2(dst, sec)
	return append(dst, " GMT"...)
}

// append2 appends v, which is below 100, with two digits.
func append2(dst []byte, v int) []byte {
	return append(dst, '0'+byte(v/10), '0'+byte(v%10))
}
