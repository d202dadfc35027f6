package faults

import (
	"strings"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// says has a peer send bytes as they are, then close.
func says(text string) func(p *peer) {
	return func(p *peer) { p.raw(text); p.close() }
}

// chunks has a peer answer in chunks that are as they are, then close.
func chunks(text string) func(p *peer) {
	return func(p *peer) { p.head("Transfer-Encoding: chunked"); p.raw(text); p.close() }
}

// stays is chunks without the close.
func stays(text string) func(p *peer) {
	return func(p *peer) { p.head("Transfer-Encoding: chunked"); p.raw(text) }
}

// status has a peer answer with a status line, a length and a body.
func status(line string) func(p *peer) {
	return says(line + "\r\nContent-Length: 4\r\n\r\nbody")
}

// httpRows are of status lines, chunks and interim responses.
var httpRows = []row{
	{name: "status-000", play: status("HTTP/1.1 000 None")},
	{name: "status-099", play: status("HTTP/1.1 099 None")},
	{name: "status-600", play: status("HTTP/1.1 600 Odd")},
	{name: "status-999", play: status("HTTP/1.1 999 Odd")},
	{name: "status-1000", play: status("HTTP/1.1 1000 Odd")},
	{name: "status-99", play: status("HTTP/1.1 99 Odd")},
	{name: "status-word", play: status("HTTP/1.1 OK")},
	{name: "status-negative", play: status("HTTP/1.1 -200 OK")},
	{name: "status-none", play: status("HTTP/1.1 ")},
	{name: "status-no-text", play: status("HTTP/1.1 200")},
	{name: "status-space", play: status("HTTP/1.1  200  OK")},
	{name: "status-nul", play: status("HTTP/1.1 200 O\x00K")},
	{name: "status-high", play: status("HTTP/1.1 200 \xc3\xa9")},
	{name: "status-cr", play: status("HTTP/1.1 200 O\rK")},
	{name: "status-lf", play: says("HTTP/1.1 200 OK\nContent-Length: 4\n\nbody")},
	{name: "status-1m", play: func(p *peer) { p.raw("HTTP/1.1 200 "); p.flood("OK", 1<<20) }},
	{name: "version-0.9", play: says("body without a head")},
	{name: "version-0.9-large", play: func(p *peer) { p.raw(large); p.close() }},
	{name: "version-1.0", play: says("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody")},
	{name: "version-1.0-chunked", play: says("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n")},
	{name: "version-1.9", play: status("HTTP/1.9 200 OK")},
	{name: "version-2.0", play: status("HTTP/2.0 200 OK")},
	{name: "version-0", play: status("HTTP/0 200 OK")},
	{name: "version-word", play: status("HTTP/x.y 200 OK")},
	{name: "version-lower", play: status("http/1.1 200 OK")},
	{name: "version-icy", play: status("ICY 200 OK")},
	{name: "version-large", play: status("HTTP/11111111111111111111.1 200 OK")},
	{name: "line-empty-first", play: says("\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")},
	{name: "tls-alert", play: says("\x15\x03\x01\x00\x02\x02\x46")},
	{name: "nul-only", play: says(strings.Repeat("\x00", 64))},
	{name: "status-204-body", play: status("HTTP/1.1 204 None")},
	{name: "status-304-body", play: status("HTTP/1.1 304 Same")},
	{name: "status-204-chunked", play: says("HTTP/1.1 204 None\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n")},
	{name: "head-body", method: "HEAD", play: status("HTTP/1.1 200 OK")},
	{name: "head-chunked", method: "HEAD", play: chunks("4\r\nbody\r\n0\r\n\r\n")},
	{name: "close-and-length", play: says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody")},
	{name: "chunks-good", play: stays("4\r\nbody\r\n0\r\n\r\n")},
	{name: "chunks-extension", play: stays("4;a=b\r\nbody\r\n0;c\r\n\r\n")},
	{name: "chunks-trailer", play: stays("4\r\nbody\r\n0\r\nX-Trailer: t\r\n\r\n")},
	{name: "chunks-trailer-wrong", play: stays("4\r\nbody\r\n0\r\nno colon\r\n\r\n")},
	{name: "chunks-trailer-cut", play: chunks("4\r\nbody\r\n0\r\nX-Trailer: t\r\n")},
	{name: "chunks-trailer-silent", play: stays("4\r\nbody\r\n0\r\nX-Trailer: t\r\n")},
	{name: "chunks-no-end", play: chunks("4\r\nbody\r\n")},
	{name: "chunks-no-end-silent", play: stays("4\r\nbody\r\n")},
	{name: "chunks-end-cut", play: chunks("4\r\nbody\r\n0\r\n")},
	{name: "chunks-end-cut-cr", play: chunks("4\r\nbody\r\n0\r\n\r")},
	{name: "chunks-none", play: chunks("")},
	{name: "chunks-none-silent", play: stays("")},
	{name: "chunks-size-cut", play: chunks("4")},
	{name: "chunks-data-cut", play: chunks("8\r\nbody")},
	{name: "chunks-data-silent", play: stays("8\r\nbody")},
	{name: "chunks-reset", play: func(p *peer) { p.head("Transfer-Encoding: chunked"); p.raw("8\r\nbody"); p.reset() }},
	{name: "chunks-reset-between", play: func(p *peer) { p.head("Transfer-Encoding: chunked"); p.raw("4\r\nbody\r\n"); p.reset() }},
	{name: "chunks-size-wrong", play: chunks("zz\r\nbody\r\n0\r\n\r\n")},
	{name: "chunks-size-wrong-later", play: func(p *peer) {
		p.head("Transfer-Encoding: chunked")
		p.raw("4\r\nbody\r\n")
		p.pause()
		p.raw("zz\r\nbody\r\n0\r\n\r\n")
		p.close()
	}},
	{name: "chunks-size-empty", play: chunks("\r\nbody\r\n0\r\n\r\n")},
	{name: "chunks-size-negative", play: chunks("-4\r\nbody\r\n0\r\n\r\n")},
	{name: "chunks-size-0x", play: chunks("0x4\r\nbody\r\n0\r\n\r\n")},
	{name: "chunks-size-space", play: chunks("4 \r\nbody\r\n0\r\n\r\n")},
	{name: "chunks-size-space-first", play: chunks(" 4\r\nbody\r\n0\r\n\r\n")},
	{name: "chunks-size-largest", play: chunks("7fffffffffffffff\r\nbody")},
	{name: "chunks-size-too-large", play: chunks("8000000000000000\r\nbody")},
	{name: "chunks-size-huge", play: chunks("ffffffffffffffffffff\r\nbody")},
	{name: "chunks-size-1m", play: func(p *peer) {
		p.head("Transfer-Encoding: chunked")
		p.flood("0", 1<<20)
		p.raw("4\r\nbody\r\n0\r\n\r\n")
		p.close()
	}},
	{name: "chunks-extension-1m", play: func(p *peer) {
		p.head("Transfer-Encoding: chunked")
		p.raw("4;")
		p.flood("x", 1<<20)
		p.raw("\r\nbody\r\n0\r\n\r\n")
		p.close()
	}},
	{name: "chunks-trailer-1m", play: func(p *peer) {
		p.head("Transfer-Encoding: chunked")
		p.raw("4\r\nbody\r\n0\r\nX: ")
		p.flood("x", 1<<20)
		p.raw("\r\n\r\n")
		p.close()
	}},
	{name: "chunks-lf", play: chunks("4\nbody\n0\n\n")},
	{name: "chunks-no-crlf", play: chunks("4\r\nbody0\r\n\r\n")},
	{name: "chunks-longer", play: chunks("4\r\nbody and more\r\n0\r\n\r\n")},
	{name: "chunks-more", play: stays("4\r\nbody\r\n0\r\n\r\nmore")},
	{name: "chunks-more-response", play: stays("4\r\nbody\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen")},
	{name: "chunks-drip", play: func(p *peer) { p.head("Transfer-Encoding: chunked"); p.drip("4\r\nbody\r\n0\r\n\r\n", p.unit/16) }},
	{name: "interim-100", play: says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")},
	{name: "interim-100-alone", play: says("HTTP/1.1 100 Continue\r\n\r\n")},
	{name: "interim-100-silent", play: func(p *peer) { p.raw("HTTP/1.1 100 Continue\r\n\r\n") }},
	{name: "interim-101", play: says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nbody")},
	{name: "interim-102", play: says("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")},
	{name: "interim-103", newer: 200, play: says("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")},
	{name: "interim-103-alone", newer: 502, play: says("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")},
	{name: "interim-103-silent", newer: 504, play: func(p *peer) { p.raw("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n") }},
	{name: "interim-103-many", newer: 502, play: func(p *peer) { p.flood("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 64<<10); p.close() }},
	{name: "interim-100-many", play: func(p *peer) { p.flood("HTTP/1.1 100 Continue\r\n\r\n", 64<<10); p.close() }},
	{name: "interim-199", play: says("HTTP/1.1 199 Odd\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")},
}

// record is a record of FastCGI with a head that may be wrong.
func record(version, kind, idHigh, idLow byte, length int, padding byte, content string) string {
	return string([]byte{version, kind, idHigh, idLow, byte(length >> 8), byte(length), padding, 0}) + content
}

const (
	text   = "Content-Type: text/plain\r\n\r\n"
	zeros8 = "\x00\x00\x00\x00\x00\x00\x00\x00"
)

var (
	outText = harness.FastCGIRecord(stdout, text)
	outBody = harness.FastCGIRecord(stdout, "body")
	outEnd  = harness.FastCGIRecord(stdout, "")
	theEnd  = harness.FastCGIRecord(endRequest, zeros8)
)

// open has a peer send bytes as they are, and leave the connection open.
func open(text string) func(p *peer) {
	return func(p *peer) { p.raw(text) }
}

// ended is open, but for a request that asks to close the connection.
func ended(text string) func(p *peer) {
	return func(p *peer) { p.raw(text); p.leave() }
}

// fastcgiRows are of records.
var fastcgiRows = []row{
	{name: "record-version", play: ended(record(2, stdout, 0, 1, 0, 0, ""))},
	{name: "record-type", play: ended(record(1, 5, 0, 1, 0, 0, ""))},
	{name: "record-type-management", play: ended(record(1, 11, 0, 0, 8, 0, zeros8))},
	{name: "record-type-255", play: ended(record(1, 255, 0, 1, 0, 0, ""))},
	{name: "record-id-0", play: ended(record(1, stdout, 0, 0, len(text), 0, text))},
	{name: "record-id-2", play: ended(record(1, stdout, 0, 2, len(text), 0, text))},
	{name: "record-id-256", play: ended(record(1, stdout, 1, 0, len(text), 0, text))},
	{name: "record-http", play: ended("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")},
	{name: "record-head-cut", play: says("\x01\x06\x00")},
	{name: "record-head-silent", play: open("\x01\x06\x00")},
	{name: "record-content-cut", play: says(record(1, stdout, 0, 1, 200, 0, text+"body"))},
	{name: "record-content-silent", play: open(record(1, stdout, 0, 1, 200, 0, text+"body"))},
	{name: "record-content-reset", play: func(p *peer) { p.raw(record(1, stdout, 0, 1, 200, 0, text+"body")); p.reset() }},
	{name: "record-length-short", play: ended(record(1, stdout, 0, 1, len(text)-4, 0, text) + outBody + outEnd + theEnd)},
	{name: "record-length-65535", play: func(p *peer) { p.raw(record(1, stdout, 0, 1, 65535, 0, text+"body")); p.close() }},
	{name: "record-padding-255", play: ended(record(1, stdout, 0, 1, len(text), 255, text+strings.Repeat("p", 255)) + outBody + outEnd + theEnd)},
	{name: "record-padding-cut", play: says(record(1, stdout, 0, 1, len(text)+4, 255, text+"body"+strings.Repeat("p", 5)))},
	{name: "record-padding-silent", play: open(outText + record(1, stdout, 0, 1, 4, 255, "body"+strings.Repeat("p", 5)))},
	{name: "record-padding-alone", play: ended(outText + record(1, stdout, 0, 1, 4, 0, "body") + record(1, stderr, 0, 1, 0, 8, zeros8) + outEnd + theEnd)},
	{name: "record-reserved", play: ended("\x01\x06\x00\x01\x00\x04\x00\xff" + "A: b" + harness.FastCGIRecord(stdout, "\r\n\r\nbody") + outEnd + theEnd)},
	{name: "body-version", play: ended(outText + outBody + record(2, stdout, 0, 1, 0, 0, ""))},
	{name: "body-type", play: ended(outText + outBody + record(1, 5, 0, 1, 0, 0, ""))},
	{name: "body-id", play: ended(outText + outBody + record(1, stdout, 0, 2, 4, 0, "more"))},
	{name: "body-version-later", play: func(p *peer) {
		p.raw(outText + outBody)
		p.pause()
		p.raw(record(2, stdout, 0, 1, 0, 0, ""))
		p.leave()
	}},
	{name: "body-garbage", play: func(p *peer) { p.raw(outText + outBody); p.pause(); p.raw("garbage"); p.close() }},
	{name: "body-record-cut", play: says(outText + outBody + "\x01\x06\x00")},
	{name: "body-content-cut", play: says(outText + record(1, stdout, 0, 1, 200, 0, "body"))},
	{name: "body-content-silent", play: open(outText + record(1, stdout, 0, 1, 200, 0, "body"))},
	{name: "end-first", play: ended(theEnd)},
	{name: "end-first-closed", play: says(theEnd)},
	{name: "end-in-head", play: ended(harness.FastCGIRecord(stdout, "X-A: b\r\n") + theEnd)},
	{name: "end-in-body", play: ended(harness.FastCGIRecord(stdout, "Content-Length: 100\r\n\r\nbody") + theEnd)},
	{name: "end-without-stdout", play: ended(outText + outBody + theEnd)},
	{name: "end-status", play: ended(outText + outBody + outEnd + harness.FastCGIRecord(endRequest, "\x00\x00\x00\x07\x00\x00\x00\x00"))},
	{name: "end-overloaded", play: ended(harness.FastCGIRecord(endRequest, "\x00\x00\x00\x00\x02\x00\x00\x00"))},
	{name: "end-short", play: ended(outText + outBody + outEnd + record(1, endRequest, 0, 1, 4, 0, "\x00\x00\x00\x00"))},
	{name: "end-empty", play: ended(outText + outBody + outEnd + record(1, endRequest, 0, 1, 0, 0, ""))},
	{name: "end-long", play: ended(outText + outBody + outEnd + record(1, endRequest, 0, 1, 64, 0, strings.Repeat("\x00", 64)))},
	{name: "end-cut", play: says(outText + outBody + outEnd + theEnd[:10])},
	{name: "end-silent", play: open(outText + outBody + outEnd + theEnd[:10])},
	{name: "end-missing", play: says(outText + outBody + outEnd)},
	{name: "end-missing-silent", play: open(outText + outBody + outEnd)},
	{name: "end-missing-reset", play: func(p *peer) { p.raw(outText + outBody + outEnd); p.reset() }},
	{name: "end-open-silent", play: open(outText + outBody + outEnd + theEnd)},
	{name: "end-twice", play: ended(outText + outBody + outEnd + theEnd + theEnd)},
	{name: "stdout-empty", play: ended(outEnd + theEnd)},
	{name: "stdout-empty-first", play: ended(outEnd + outText + outBody + outEnd + theEnd)},
	{name: "stdout-empty-within", play: ended(outText + outEnd + outBody + outEnd + theEnd)},
	{name: "stdout-only-end", play: says(outEnd)},
	{name: "stdout-in-two", play: ended(outText + outBody + outEnd + outBody + theEnd)},
	{name: "stdout-bytes", play: func(p *peer) {
		for _, b := range text + "body" {
			p.raw(record(1, stdout, 0, 1, 1, 0, string(b)))
		}
		p.raw(outEnd + theEnd)
		p.leave()
	}},
	{name: "stderr-only", play: says(harness.FastCGIRecord(stderr, "gone"))},
	{name: "stderr-only-end", play: ended(harness.FastCGIRecord(stderr, "gone") + theEnd)},
	{name: "stderr-only-ends", play: ended(harness.FastCGIRecord(stderr, "gone") + outEnd + theEnd)},
	{name: "stderr-silent", play: open(harness.FastCGIRecord(stderr, "gone"))},
	{name: "stderr-within-head", play: ended(harness.FastCGIRecord(stdout, "X-A: ") + harness.FastCGIRecord(stderr, "within") + harness.FastCGIRecord(stdout, "b\r\n\r\nbody") + outEnd + theEnd)},
	{name: "stderr-within-body", play: ended(outText + outBody + harness.FastCGIRecord(stderr, "within") + outBody + outEnd + theEnd)},
	{name: "stderr-after-stdout", play: ended(outText + outBody + outEnd + harness.FastCGIRecord(stderr, "after") + theEnd)},
	{name: "stderr-nul", play: ended(harness.FastCGIRecord(stderr, "a\x00b\nc\r\n") + outText + outBody + outEnd + theEnd)},
	{name: "stderr-cut", play: says(record(1, stderr, 0, 1, 200, 0, "cut short"))},
	{name: "stderr-large", play: ended(harness.FastCGIRecord(stderr, strings.Repeat("e", 3000)) + outText + outBody + outEnd + theEnd)},
	{name: "record-end-more", play: ended(outText + outBody + outEnd + theEnd + outText + harness.FastCGIRecord(stdout, "stolen") + outEnd + theEnd)},
}

// memcachedRows are of the line before a value and of what follows it.
var memcachedRows = []row{
	{name: "value-word", play: valued("VALU", " 0 4\r\nbody\r\nEND\r\n")},
	{name: "value-lower", play: valued("value ", " 0 4\r\nbody\r\nEND\r\n")},
	{name: "value-key", play: open("VALUE other 0 4\r\nbody\r\nEND\r\n")},
	{name: "value-key-longer", play: valued("VALUE ", "x 0 4\r\nbody\r\nEND\r\n")},
	{name: "value-no-key", play: open("VALUE  0 4\r\nbody\r\nEND\r\n")},
	{name: "value-no-flags", play: valued("VALUE ", " 4\r\nbody\r\nEND\r\n")},
	{name: "value-no-length", play: valued("VALUE ", " 0\r\nbody\r\nEND\r\n")},
	{name: "value-empty-length", play: valued("VALUE ", " 0 \r\nbody\r\nEND\r\n")},
	{name: "value-flags-negative", play: valued("VALUE ", " -1 4\r\nbody\r\nEND\r\n")},
	{name: "value-flags-word", play: valued("VALUE ", " x 4\r\nbody\r\nEND\r\n")},
	{name: "value-flags-huge", play: valued("VALUE ", " 99999999999999999999999 4\r\nbody\r\nEND\r\n")},
	{name: "value-cas", play: valued("VALUE ", " 0 4 77\r\nbody\r\nEND\r\n")},
	{name: "value-space", play: valued("VALUE ", " 0  4\r\nbody\r\nEND\r\n")},
	{name: "value-nul", play: valued("VALUE ", " 0 4\x00\r\nbody\r\nEND\r\n")},
	{name: "value-lf", play: valued("VALUE ", " 0 4\nbody\r\nEND\r\n")},
	{name: "value-cr", play: valued("VALUE ", " 0 4\rbody\r\nEND\r\n")},
	{name: "value-line-1m", play: func(p *peer) { p.raw("VALUE " + p.path + " 0 4"); p.flood("4", 1<<20) }},
	{name: "value-none-1m", play: func(p *peer) { p.flood("x", 1<<20) }},
	{name: "end-missing", play: func(p *peer) { p.announce("4"); p.raw("body"); p.close() }},
	{name: "end-missing-silent", play: func(p *peer) { p.announce("4"); p.raw("body") }},
	{name: "end-cut", play: func(p *peer) { p.announce("4"); p.raw("body\r\nEN"); p.close() }},
	{name: "end-cut-silent", play: func(p *peer) { p.announce("4"); p.raw("body\r\nEN") }},
	{name: "end-reset", play: func(p *peer) { p.announce("4"); p.raw("body\r\nEN"); p.reset() }},
	{name: "end-wrong", play: func(p *peer) { p.announce("4"); p.raw("body\r\nDEN\r\n") }},
	{name: "end-wrong-later", play: func(p *peer) { p.announce("4"); p.raw("body\r"); p.pause(); p.raw("\nDEN\r\n") }},
	{name: "end-no-crlf", play: func(p *peer) { p.announce("4"); p.raw("bodyEND\r\n") }},
	{name: "end-lf", play: func(p *peer) { p.announce("4"); p.raw("body\nEND\n") }},
	{name: "end-drips", play: func(p *peer) { p.announce("4"); p.drip("body\r\nEND\r\n", p.unit/16) }},
	{name: "not-found", play: open("END\r\n")},
	{name: "not-found-closed", play: says("END\r\n")},
	{name: "not-found-more", play: func(p *peer) { p.raw("END\r\n" + p.whole("stolen")) }},
	{name: "not-found-cut", play: says("EN")},
	{name: "not-found-silent", play: open("END")},
	{name: "not-found-lf", play: open("END\n")},
	{name: "not-found-longer", play: open("ENDED\r\n")},
	{name: "not-found-post", method: "HEAD", play: open("END\r\n")},
	{name: "error", play: open("ERROR\r\n")},
	{name: "error-client", play: open("CLIENT_ERROR bad data chunk\r\n")},
	{name: "error-server", play: open("SERVER_ERROR out of memory storing object\r\n")},
	{name: "error-server-closed", play: says("SERVER_ERROR out of memory\r\n")},
	{name: "error-later", play: func(p *peer) {
		p.announce("100")
		p.raw("body")
		p.pause()
		p.raw("\r\nSERVER_ERROR out of memory\r\n")
	}},
	{name: "line-empty", play: open("\r\n")},
	{name: "nul-only", play: open(strings.Repeat("\x00", 64) + "\r\n")},
	{name: "http", play: open("HTTP/1.1 400 Bad Request\r\n\r\n")},
}

// valued has a peer send the key with text before and behind it.
func valued(before, behind string) func(p *peer) {
	return func(p *peer) { p.raw(before + p.path + behind) }
}
