package autoindex

import (
	"strconv"
	"time"

	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// kind names what an entry is, in JSON and XML.
func (e *entry) kind() string {
	switch {
	case e.dir:
		return "directory"
	case e.file:
		return "file"
	}
	return "other"
}

// appendJSON appends the listing as JSON, or as a call of callback with it.
func appendJSON(dst []byte, l *listing, callback []byte, flush func([]byte) []byte) []byte {
	if len(callback) > 0 {
		dst = append(dst, "/* callback */\r\n"...)
		dst = append(dst, callback...)
		dst = append(dst, '(')
	}
	dst = append(dst, '[')
	first := true
	for e := range l.sorted() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, "\r\n{ \"name\":\""...)
		dst = h1.EscapeJSON(dst, e.name)
		dst = append(dst, `", "type":"`...)
		dst = append(dst, e.kind()...)
		dst = append(dst, `", "mtime":"`...)
		dst = h1.AppendHTTPDate(dst, e.mtime)
		dst = append(dst, '"')
		if e.file {
			dst = append(dst, `, "size":`...)
			dst = strconv.AppendInt(dst, e.size, 10)
		}
		dst = flush(append(dst, ' ', '}'))
	}
	dst = append(dst, "\r\n]"...)
	if len(callback) > 0 {
		dst = append(dst, ')', ';')
	}
	return dst
}

// appendXML appends the listing as XML.
func appendXML(dst []byte, l *listing, flush func([]byte) []byte) []byte {
	dst = append(dst, "<?xml version=\"1.0\"?>\r\n<list>\r\n"...)
	for e := range l.sorted() {
		dst = append(dst, '<')
		dst = append(dst, e.kind()...)
		dst = append(dst, ` mtime="`...)
		dst = time.Unix(e.mtime, 0).UTC().AppendFormat(dst, "2006-01-02T15:04:05Z")
		if e.file {
			dst = append(dst, `" size="`...)
			dst = strconv.AppendInt(dst, e.size, 10)
		}
		dst = append(dst, '"', '>')
		dst = h1.EscapeHTML(dst, e.name)
		dst = append(dst, '<', '/')
		dst = append(dst, e.kind()...)
		dst = flush(append(dst, ">\r\n"...))
	}
	return append(dst, "</list>\r\n"...)
}
