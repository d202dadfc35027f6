package faults

// secureRows are of the end of TLS, which may be said or not.
var secureRows = []row{
	{name: "open-end", play: func(p *peer) { p.head(); p.say("body"); p.close() }},
	{name: "open-end-vanishes", play: func(p *peer) { p.head(); p.say("body"); p.vanish() }},
	{name: "open-end-vanishes-later", play: func(p *peer) { p.head(); p.say("body"); p.pause(); p.vanish() }},
	{name: "open-end-reset", play: func(p *peer) { p.head(); p.say("body"); p.reset() }},
	{name: "head-vanishes", play: func(p *peer) { p.say(p.half()); p.vanish() }},
	{name: "body-vanishes", play: func(p *peer) { p.announce("100"); p.say("body"); p.vanish() }},
	{name: "vanishes", play: func(p *peer) { p.vanish() }},
	{name: "chunks-no-end", play: chunks("4\r\nbody\r\n")},
	{name: "chunks-no-end-vanishes", play: func(p *peer) { p.head("Transfer-Encoding: chunked"); p.raw("4\r\nbody\r\n"); p.vanish() }},
	{name: "chunks-end-vanishes", play: func(p *peer) { p.head("Transfer-Encoding: chunked"); p.raw("4\r\nbody\r\n0\r\n\r\n"); p.vanish() }},
	{name: "garbage-record", play: below("garbage in place of a record")},
	{name: "garbage-record-body", play: func(p *peer) { p.announce("100"); p.say("body"); p.pause(); below("garbage in place of a record")(p) }},
	{name: "record-cut", play: below("\x17\x03\x03\x00\x64cut")},
	{name: "record-silent", play: func(p *peer) { _, _ = p.tcp.Write([]byte("\x17\x03\x03\x00\x64cut")) }},
	{name: "record-too-large", play: below("\x17\x03\x03\xff\xff")},
}

// below has a peer send bytes below TLS, then vanish.
func below(text string) func(p *peer) {
	return func(p *peer) {
		p.flush()
		_, _ = p.tcp.Write([]byte(text)) // the proxy may have gone
		p.vanish()
	}
}
