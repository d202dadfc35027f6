package autoindex

import (
	"strconv"
	"time"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// nameWidth is how many characters of a name are shown; longer ones are cut and
// marked.
const nameWidth = 50

const (
	cutMark  = "..>"
	blanks   = "                                                  "
	kilobyte = int64(1) << 10
	megabyte = int64(1) << 20
	gigabyte = int64(1) << 30
)

// page is a listing in HTML.
type page struct {
	uri       []byte
	utf8      bool  // names count in characters
	exactSize bool  // sizes in bytes
	offset    int64 // seconds that times are ahead of UTC
}

// append appends the whole page. flush takes what has been appended so far, after each entry, and returns where to go on.
func (p *page) append(dst []byte, l *listing, flush func([]byte) []byte) []byte {
	dst = append(dst, "<html>\r\n<head><title>Index of "...)
	dst = h1.EscapeHTML(dst, p.uri)
	dst = append(dst, "</title></head>\r\n<body>\r\n<h1>Index of "...)
	dst = h1.EscapeHTML(dst, p.uri)
	dst = append(dst, "</h1><hr><pre><a href=\"../\">../</a>\r\n"...)
	for e := range l.sorted() {
		dst = flush(p.appendEntry(dst, &e))
	}
	return append(dst, "</pre><hr></body>\r\n</html>\r\n"...)
}

func (p *page) appendEntry(dst []byte, e *entry) []byte {
	name := e.name
	dst = append(dst, `<a href="`...)
	dst = h1.EscapeURI(dst, name, h1.ForComponent)
	if e.dir {
		dst = append(dst, '/')
	}
	dst = append(dst, '"', '>')
	width := len(name)
	if p.utf8 {
		width = utf8Length(name)
	}
	if width > nameWidth {
		show := name[:nameWidth-len(cutMark)]
		if width != len(name) {
			show = name[:utf8Offset(name, nameWidth-len(cutMark))]
		}
		dst = h1.EscapeHTML(dst, show)
		dst = append(dst, "..&gt;</a>"...)
	} else {
		dst = h1.EscapeHTML(dst, name)
		if e.dir && width < nameWidth {
			dst = append(dst, '/')
			width++
		}
		dst = append(dst, "</a>"...)
		dst = append(dst, blanks[:nameWidth-width]...)
	}
	dst = append(dst, ' ')
	dst = time.Unix(e.mtime+p.offset, 0).UTC().AppendFormat(dst, "02-Jan-2006 15:04 ")
	return append(p.appendSize(dst, e), '\r', '\n')
}

// appendSize appends the last column.
func (p *page) appendSize(dst []byte, e *entry) []byte {
	switch {
	case p.exactSize && e.dir:
		return append(dst, "                  -"...)
	case p.exactSize:
		return appendRight(dst, e.size, 19)
	case e.dir:
		return append(dst, "      -"...)
	case e.size >= gigabyte:
		return append(appendRight(dst, rounded(e.size, gigabyte), 6), 'G')
	case e.size >= megabyte:
		return append(appendRight(dst, rounded(e.size, megabyte), 6), 'M')
	case e.size > 9999:
		return append(appendRight(dst, rounded(e.size, kilobyte), 6), 'K')
	}
	return appendRight(append(dst, ' '), e.size, 6)
}

// rounded is n in units, half a unit counting as one.
func rounded(n, unit int64) int64 { return (n + unit/2) / unit }

// appendRight appends n in a column of the given width.
func appendRight(dst []byte, n int64, width int) []byte {
	var text [20]byte
	digits := strconv.AppendInt(text[:0], n, 10)
	if pad := width - len(digits); pad > 0 {
		dst = append(dst, blanks[:pad]...)
	}
	return append(dst, digits...)
}

// utf8Length counts the characters of b; what is not UTF-8 counts in bytes.
func utf8Length(b []byte) (n int) {
	for i := 0; i < len(b); n++ {
		size := utf8Size(b[i:])
		if size == 0 {
			return len(b)
		}
		i += size
	}
	return n
}

// utf8Offset returns where the first n characters of b, which is UTF-8, end.
func utf8Offset(b []byte, n int) (i int) {
	for ; n > 0; n-- {
		i += utf8Size(b[i:])
	}
	return i
}

// utf8Size returns the length of the first character of b, 0 when it is none.
// Like nginx, and unlike package utf8, it takes surrogates for characters.
func utf8Size(b []byte) int {
	c := b[0]
	var size int
	var value, low uint32 // the character, and the largest that a shorter form can hold
	switch {
	case c < 0x80:
		return 1
	case c >= 0xf8 || c < 0xc2:
		return 0
	case c >= 0xf0:
		size, value, low = 4, uint32(c&0x07), 0xffff
	case c >= 0xe0:
		size, value, low = 3, uint32(c&0x0f), 0x7ff
	default:
		size, value, low = 2, uint32(c&0x1f), 0x7f
	}
	if len(b) < size {
		return 0
	}
	for _, c := range b[1:size] {
		if c>>6 != 2 {
			return 0
		}
		value = value<<6 | uint32(c&0x3f)
	}
	if value <= low || value > 0x10ffff {
		return 0
	}
	return size
}
