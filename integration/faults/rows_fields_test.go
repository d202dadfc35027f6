package faults

import "strings"

// fieldRows are of the fields in a head: HTTP, FastCGI, uwsgi and SCGI have them.
var fieldRows = []row{
	{name: "length-twice", newer: 502, play: fields("Content-Length: 4", "Content-Length: 4")},
	{name: "length-twice-different", newer: 502, play: fields("Content-Length: 4", "Content-Length: 5")},
	{name: "length-and-chunked", newer: 502, play: chunkedFields("Content-Length: 4", "Transfer-Encoding: chunked")},
	{name: "chunked-and-length", newer: 502, play: chunkedFields("Transfer-Encoding: chunked", "Content-Length: 4")},
	{name: "chunked-twice", newer: 502, play: chunkedFields("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")},
	{name: "encoding-unknown", newer: 502, play: fields("Transfer-Encoding: gzip")},
	{name: "encoding-list", newer: 502, play: chunkedFields("Transfer-Encoding: gzip, chunked")},
	{name: "encoding-empty", newer: 502, play: fields("Transfer-Encoding:")},
	{name: "open-end", play: func(p *peer) { p.head(); p.say("body"); p.end(); p.close() }},
	{name: "open-end-reset", play: func(p *peer) { p.head(); p.say("body"); p.reset() }},
	{name: "open-end-silent", play: func(p *peer) { p.head(); p.say("body") }},
	{name: "open-end-large-reset", play: func(p *peer) { p.head(); p.say(large); p.reset() }},
	{name: "line-1m", play: func(p *peer) { p.say(p.half() + "\r\nX-Long: "); p.floodSaying(strings.Repeat("x", 4096), 1<<20) }},
	{name: "name-1m", play: func(p *peer) { p.say(p.half() + "\r\n"); p.floodSaying(strings.Repeat("x", 4096), 1<<20) }},
	{name: "fields-many", play: func(p *peer) { p.say(p.half() + "\r\n"); p.floodSaying("X-Many: x\r\n", 1<<20) }},
	{name: "fields-large", play: fields("X-Large: " + strings.Repeat("x", 5000))},
	{name: "fields-fit", play: fields("X-Large: "+strings.Repeat("x", 3000), "Content-Length: 4")},
	{name: "nul-value", play: fields("X-A: b\x00c")},
	{name: "nul-name", play: fields("X\x00A: b")},
	{name: "nul-first", play: fields("\x00X-A: b")},
	{name: "no-colon", play: fields("X-A")},
	{name: "no-name", play: fields(": b")},
	{name: "space-before-colon", play: fields("X-A : b")},
	{name: "space-in-name", play: fields("X A: b")},
	{name: "space-first", play: fields("X-A: b", " c")},
	{name: "tab-first", play: fields("X-A: b", "\tX-B: c")},
	{name: "underscore", play: fields("X_A: b")},
	{name: "high-bytes", play: fields("X-\xe9: \xe9")},
	{name: "control", play: fields("X-A: b\x01\x7f")},
	{name: "control-name", play: fields("X\x01A: b")},
	{name: "bare-cr", play: fields("X-A: b\rX-B: c")},
	{name: "bare-cr-name", play: fields("X-A\rX-B: c")},
	{name: "bare-lf", play: fields("X-A: b\nX-B: c\nX-C: d")},
	{name: "cr-cr-lf", play: fields("X-A: b\r")},
	{name: "name-empty-value", play: fields("X-A:", "X-B: ")},
	{name: "type-twice", newer: 200, play: fields("Content-Type: text/html")},
	{name: "location-twice", play: fields("Location: /a", "Location: /b")},
	{name: "dates-wrong", play: fields("Last-Modified: never", "Date: never", "Expires: never")},
	{name: "accel-wrong", play: fields("X-Accel-Redirect: /../x")},
	{name: "accel-expires-wrong", play: fields("X-Accel-Expires: never", "X-Accel-Limit-Rate: none", "X-Accel-Buffering: perhaps")},
}

// fields has a peer answer well but for some fields.
func fields(f ...string) func(p *peer) {
	return func(p *peer) {
		p.say(p.proto.head(f...) + "body")
		p.end()
		p.close()
	}
}

// chunkedFields is fields with the body in chunks.
func chunkedFields(f ...string) func(p *peer) {
	return func(p *peer) {
		p.say(p.proto.head(f...) + "4\r\nbody\r\n0\r\n\r\n")
		p.end()
		p.close()
	}
}

// floodSaying is flood within the framing of the protocol.
func (p *peer) floodSaying(text string, n int) {
	p.flood(p.proto.frame(strings.Repeat(text, max(1, 4096/len(text)))), n)
}

// cgiRows are of what a head of the Common Gateway Interface has for a status line: FastCGI, uwsgi and SCGI.
var cgiRows = []row{
	{name: "status-word", play: fields("Status: none")},
	{name: "status-empty", play: fields("Status:")},
	{name: "status-short", play: fields("Status: 99")},
	{name: "status-000", play: fields("Status: 000 None")},
	{name: "status-100", play: fields("Status: 100 Continue")},
	{name: "status-101", play: fields("Status: 101 Switching Protocols")},
	{name: "status-103", play: fields("Status: 103 Early Hints")},
	{name: "status-199", play: fields("Status: 199 Odd")},
	{name: "status-600", play: fields("Status: 600 Odd")},
	{name: "status-999", play: fields("Status: 999 Odd")},
	{name: "status-1000", play: fields("Status: 1000 Odd")},
	{name: "status-negative", play: fields("Status: -200")},
	{name: "status-twice", newer: 200, play: fields("Status: 200 OK", "Status: 404 Lost")},
	{name: "status-204-body", play: fields("Status: 204 None")},
	{name: "status-304-body", play: fields("Status: 304 Same")},
	{name: "head-body", method: "HEAD", play: fields("Content-Length: 4")},
	{name: "status-line", play: func(p *peer) { p.say("HTTP/1.1 404 Lost\r\nX-A: b\r\n\r\nbody"); p.end(); p.close() }},
	{name: "status-line-wrong", play: func(p *peer) { p.say("HTTP/1.1 x\r\nX-A: b\r\n\r\nbody"); p.end(); p.close() }},
	{name: "status-line-1m", play: func(p *peer) { p.say("HTTP/1.1 200 "); p.floodSaying("OK", 1<<20) }},
	{name: "no-head", play: func(p *peer) { p.say("\r\nbody"); p.end(); p.close() }},
	{name: "no-head-lf", play: func(p *peer) { p.say("\nbody"); p.end(); p.close() }},
	{name: "garbage", play: func(p *peer) { p.say("\x00\x01\x02\x03garbage"); p.end(); p.close() }},
	{name: "html", play: func(p *peer) { p.say("<html>\n<p>Error: gone</p>\n</html>\n"); p.end(); p.close() }},
}
