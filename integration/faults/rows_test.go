package faults

import (
	"strings"
	"time"
)

// A row is one thing that a peer does wrong once it has read a request. Where play does not close the connection, it stays
// open until the proxy closes.
type row struct {
	name string
	play func(p *peer)
	// at is where the peer is to be found: %%UPSTREAM%% where it is empty.
	at string
	// method is that of the request: GET where it is empty.
	method string
	// newer is the status that a newer nginx than a distribution's may be gives in mode plain, where they differ; else 0.
	newer int
}

// half is the beginning of a head.
func (p *peer) half() string {
	if p.proto.name == "memcached" {
		return "VALUE " + p.path[:len(p.path)/2]
	}
	head := p.proto.head("X-A: b")
	return head[:len(head)-7]
}

// large is a body that is more than any buffer of the proxy holds.
var large = strings.Repeat("abcdefghijklmnop", 16<<10)

// connectionRows are of connections and of time: every protocol has them.
var connectionRows = []row{
	{name: "refuses", at: "%%DEAD%%"},
	{name: "refuses-post", at: "%%DEAD%%", method: "POST"},
	{name: "black-hole", at: "%%BLACKHOLE%%"},
	{name: "black-hole-post", at: "%%BLACKHOLE%%", method: "POST"},
	{name: "closes", play: func(p *peer) { p.close() }},
	{name: "closes-post", method: "POST", play: func(p *peer) { p.close() }},
	{name: "closes-head", method: "HEAD", play: func(p *peer) { p.close() }},
	{name: "resets", play: func(p *peer) { p.reset() }},
	{name: "silent", play: func(*peer) {}},
	{name: "silent-post", method: "POST", play: func(*peer) {}},
	{name: "head-closed", play: func(p *peer) { p.say(p.half()); p.close() }},
	{name: "head-reset", play: func(p *peer) { p.say(p.half()); p.reset() }},
	{name: "head-silent", play: func(p *peer) { p.say(p.half()) }},
	{name: "head-drips", play: func(p *peer) { p.drip(p.whole("body"), time.Millisecond); p.leave() }},
	{name: "head-drips-long", play: func(p *peer) { p.drip(p.whole("body"), p.unit); p.leave() }},
	{name: "body-drips", play: func(p *peer) {
		p.announce("8")
		p.say("b")
		p.dripBody("ody", p.unit/8)
		p.say("more")
		p.end()
	}},
	{name: "body-drips-long", play: func(p *peer) {
		p.announce("8")
		p.say("b")
		p.dripBody("ody", 2*p.unit)
		p.say("more")
		p.end()
	}},
}

// bodyRows are of a body whose length was announced.
var bodyRows = []row{
	{name: "good", play: func(p *peer) { p.answer("body") }},
	{name: "good-large", play: func(p *peer) { p.answer(large) }},
	{name: "body-none-closed", play: func(p *peer) { p.announce("100"); p.close() }},
	{name: "body-none-silent", play: func(p *peer) { p.announce("100") }},
	{name: "body-closed", play: func(p *peer) { p.announce("100"); p.say("body"); p.close() }},
	{name: "body-closed-later", play: func(p *peer) { p.announce("100"); p.say("body"); p.pause(); p.close() }},
	{name: "body-reset", play: func(p *peer) { p.announce("100"); p.say("body"); p.reset() }},
	{name: "body-silent", play: func(p *peer) { p.announce("100"); p.say("body") }},
	{name: "body-large-closed", play: func(p *peer) { p.announce("300000"); p.say(large); p.close() }},
	{name: "body-large-silent", play: func(p *peer) { p.announce("300000"); p.say(large) }},
	{name: "body-one-missing", play: func(p *peer) { p.announce("5"); p.say("body"); p.close() }},
	{name: "body-too-long", play: func(p *peer) { p.announce("4"); p.say("body and more"); p.end() }},
	{name: "body-too-long-at-once", play: func(p *peer) { p.say(p.announced("4") + "body and more"); p.end() }},
	{name: "body-too-long-later", play: func(p *peer) { p.announce("8"); p.say("body"); p.pause(); p.say("body and more"); p.end() }},
	{name: "after-the-end", play: func(p *peer) { p.raw(p.whole("body") + "more"); p.leave() }},
	{name: "after-the-end-later", play: func(p *peer) { p.raw(p.whole("body")); p.pause(); p.raw("more"); p.leave() }},
	{name: "after-the-end-response", play: func(p *peer) { p.raw(p.whole("body") + p.whole("stolen")); p.leave() }},
	{name: "after-the-end-closed", play: func(p *peer) { p.raw(p.whole("body")); p.pause(); p.close() }},
	{name: "after-the-end-reset", play: func(p *peer) { p.raw(p.whole("body")); p.reset() }},
	{name: "length-0", play: func(p *peer) { p.announce("0"); p.end() }},
	{name: "length-0-more", play: func(p *peer) { p.announce("0"); p.say("body"); p.end() }},
	{name: "length-negative", newer: 502, play: func(p *peer) { p.announce("-4"); p.say("body"); p.close() }},
	{name: "length-plus", newer: 502, play: func(p *peer) { p.announce("+4"); p.say("body"); p.close() }},
	{name: "length-word", newer: 502, play: func(p *peer) { p.announce("many"); p.say("body"); p.close() }},
	{name: "length-empty", newer: 502, play: func(p *peer) { p.announce(""); p.say("body"); p.close() }},
	{name: "length-hexadecimal", newer: 502, play: func(p *peer) { p.announce("0x4"); p.say("body"); p.close() }},
	{name: "length-list", newer: 502, play: func(p *peer) { p.announce("4, 4"); p.say("body"); p.close() }},
	{name: "length-zeros", play: func(p *peer) { p.announce("0000000000000000000000000000004"); p.say("body"); p.end() }},
	{name: "length-largest", play: func(p *peer) { p.announce("9223372036854775807"); p.say("body"); p.close() }},
	{name: "length-too-large", newer: 502, play: func(p *peer) { p.announce("9223372036854775808"); p.say("body"); p.close() }},
	{name: "length-huge", newer: 502, play: func(p *peer) { p.announce("99999999999999999999999"); p.say("body"); p.close() }},
}
