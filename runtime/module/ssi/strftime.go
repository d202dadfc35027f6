package ssi

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// maxDate is the longest date, as in nginx.
const maxDate = 2048

// strftime appends t as the GNU C library's strftime prints it in the C locale,
// flags included, widths not. Conversions that it does not know are left as
// they are.
func strftime(dst []byte, format string, t time.Time) []byte {
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c != '%' || i+1 == len(format) {
			dst = append(dst, c)
			continue
		}
		i++
		flag := byte(0)
		for i+1 < len(format) && strings.IndexByte("-_0^#EO", format[i]) >= 0 {
			if format[i] != 'E' && format[i] != 'O' {
				flag = format[i]
			}
			i++
		}
		at := len(dst)
		dst = conversion(dst, format[i], t)
		if flag != 0 {
			dst = append(dst[:at], flagged(dst[at:], flag)...)
		}
	}
	return dst
}

// flagged changes what a conversion printed: without padding, padded with
// spaces or zeros, or in upper case.
func flagged(b []byte, flag byte) []byte {
	pad := 0
	for pad < len(b)-1 && (b[pad] == '0' || b[pad] == ' ') {
		pad++
	}
	switch flag {
	case '-':
		return b[pad:]
	case '_', '0':
		with := byte('0')
		if flag == '_' {
			with = ' '
		}
		for i := range b[:pad] {
			b[i] = with
		}
		return b
	}
	return bytes.ToUpper(b)
}

// layouts are the conversions that package time has a word for.
var layouts = [256]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'D': "01/02/06", 'd': "02",
	'e': "_2", 'F': "2006-01-02", 'H': "15", 'h': "Jan", 'I': "03", 'j': "002", 'M': "04", 'm': "01", 'p': "PM", 'P': "pm",
	'R': "15:04", 'r': "03:04:05 PM", 'S': "05", 'T': "15:04:05", 'X': "15:04:05", 'x': "01/02/06", 'Y': "2006", 'y': "06",
	'Z': "MST", 'z': "-0700",
}

func conversion(dst []byte, c byte, t time.Time) []byte {
	if l := layouts[c]; l != "" {
		return t.AppendFormat(dst, l)
	}
	switch c {
	case '%':
		return append(dst, '%')
	case 'n':
		return append(dst, '\n')
	case 't':
		return append(dst, '\t')
	case 'C':
		return digits(dst, t.Year()/100, 2, '0')
	case 'G', 'g', 'V':
		year, week := t.ISOWeek()
		switch c {
		case 'G':
			return strconv.AppendInt(dst, int64(year), 10)
		case 'g':
			return digits(dst, year%100, 2, '0')
		}
		return digits(dst, week, 2, '0')
	case 'k':
		return digits(dst, t.Hour(), 2, ' ')
	case 'l':
		return digits(dst, (t.Hour()+11)%12+1, 2, ' ')
	case 's':
		return strconv.AppendInt(dst, t.Unix(), 10)
	case 'u':
		return digits(dst, (int(t.Weekday())+6)%7+1, 1, '0')
	case 'w':
		return digits(dst, int(t.Weekday()), 1, '0')
	case 'U':
		return digits(dst, (t.YearDay()+6-int(t.Weekday()))/7, 2, '0')
	case 'W':
		return digits(dst, (t.YearDay()+6-(int(t.Weekday())+6)%7)/7, 2, '0')
	}
	return append(dst, '%', c)
}

// digits appends n with at least width digits.
func digits(dst []byte, n, width int, pad byte) []byte {
	for limit := 10; width > 1; width, limit = width-1, limit*10 {
		if n < limit {
			dst = append(dst, pad)
		}
	}
	return strconv.AppendInt(dst, int64(n), 10)
}
