package resolver

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// partial collects the answers to a flight's questions.
type partial struct {
	res  result
	ttl  uint32
	code Code
}

// progress is what a message did for a flight.
type progress uint8

const (
	nothing   progress = iota // not for us, or one answer of two
	truncated                 // ask again over TCP
	complete
)

// ask makes the questions of a flight; false if the name is not one.
func (f *flight) ask() bool {
	f.partial.ttl = ^uint32(0)
	var types []uint16
	switch f.entry.kind {
	case kindSRV:
		types = []uint16{dns.TypeSRV}
	case kindAddr:
		types = []uint16{dns.TypePTR}
	default:
		if f.r.IPv4 {
			types = append(types, dns.TypeA)
		}
		if f.r.IPv6 {
			types = append(types, dns.TypeAAAA)
		}
	}
	name, ok := escapeName(f.entry.name)
	if !ok {
		return false
	}
	for _, t := range types {
		var m dns.Msg
		m.SetQuestion(name, t)
		wire, err := m.Pack()
		if err != nil {
			return false
		}
		f.queries = append(f.queries, query{qtype: t, id: m.Id, wire: wire})
	}
	return true
}

// escapeName writes a name as package dns wants it: absolute, with bytes that
// would mean something else escaped. Labels must not be empty or too long.
func escapeName(name string) (string, bool) {
	var b strings.Builder
	label := 0
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '.':
			if label == 0 {
				return "", false
			}
			label = 0
			b.WriteByte(c)
			continue
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			b.Write([]byte{'\\', '0' + c/100, '0' + c/10%10, '0' + c%10})
		}
		if label++; label > 63 {
			return "", false
		}
	}
	b.WriteByte('.')
	return b.String(), label > 0
}

// handle processes one message. A wrong message is logged and ignored, since it may
// be forged; the question is sent again after resendAfter.
func (f *flight) handle(msg message) progress {
	m := reply{data: msg.data}
	q, complaint := f.match(&m, msg.tcp)
	if complaint != "" {
		f.r.Log(complaint)
		return nothing
	}
	if q == nil {
		return nothing
	}
	if m.truncated() && f.entry.kind != kindAddr {
		q.tcp = true
		f.sendTCP(f.r.Servers[f.server], q.wire)
		return truncated
	}
	f.r.counters.response(m.code)
	switch {
	case m.code != 0:
		f.partial.code = m.code
	case m.answers > 0 && f.partial.code == 0:
		if complaint = f.partial.take(q.qtype, &m, f.r.Log); complaint != "" {
			f.r.Log(complaint)
			return nothing
		}
	}
	q.answered = true
	for i := range f.queries {
		if !f.queries[i].answered {
			return nothing
		}
	}
	f.conclude()
	return complete
}

// match finds the question a message answers; complaint describes what is wrong with
// a message that answers none.
func (f *flight) match(m *reply, tcp bool) (q *query, complaint string) {
	if len(m.data) < headerSize {
		return nil, shortReply
	}
	m.header()
	network := "UDP"
	if tcp {
		network = "TCP"
	}
	// A response to a standard query, with no reserved bit; truncation is not
	// for TCP.
	if m.flags&0xf870 != 0x8000 || tcp && m.truncated() {
		return nil, fmt.Sprintf("invalid %s DNS response %d fl:%04X", network, m.id, m.flags)
	}
	if m.code == FormatError || m.code > lastKnownRcode {
		f.r.counters.response(m.code)
		text := fmt.Sprintf("DNS error (%d: %s), query id:%d", int(m.code), m.code, m.id)
		for i := range f.queries {
			if m.code == FormatError && int(f.queries[i].id) == m.id {
				text += `, name:"` + f.entry.name + `"`
			}
		}
		return nil, text
	}
	if complaint := m.question(); complaint != "" {
		return nil, complaint
	}
	if m.qclass != dns.ClassINET {
		return nil, fmt.Sprintf("unknown query class %d in DNS response", m.qclass)
	}
	switch m.qtype {
	case dns.TypeA, dns.TypeAAAA, dns.TypeSRV, dns.TypePTR:
	default:
		return nil, fmt.Sprintf("unknown query type %d in DNS response", m.qtype)
	}
	for i := range f.queries {
		q = &f.queries[i]
		if q.qtype != m.qtype || m.name != f.entry.name || q.answered {
			continue
		}
		if m.truncated() && q.tcp {
			return nil, "" // the same answer again; TCP is under way
		}
		if m.id != int(q.id) {
			return nil, fmt.Sprintf("wrong ident %d in DNS response for %s, expect %d", m.id, m.name, q.id)
		}
		return q, ""
	}
	return nil, "unexpected DNS response for " + m.name
}

// take adds the records of an answer to the question qtype; complaint is why the
// whole message must be ignored.
func (p *partial) take(qtype uint16, m *reply, log func(string)) (complaint string) {
	next := *p
	alias, wanted := 0, 0 // where a CNAME's name is; records of the requested type
	for i := m.at; m.answers > 0; m.answers-- {
		r, complaint := m.record(i)
		if complaint != "" {
			return complaint
		}
		next.ttl = min(next.ttl, r.ttl)
		switch isAddress := qtype == dns.TypeA || qtype == dns.TypeAAAA; {
		case r.rtype == dns.TypePTR && qtype == dns.TypePTR:
			// The first one counts, whatever follows.
			if p.res.name, complaint = m.text(r.at); complaint == "" {
				p.ttl = r.ttl
			}
			return complaint
		case r.rtype == dns.TypeCNAME:
			alias = r.at
		case r.rtype == dns.TypeDNAME && qtype != dns.TypePTR:
		case r.rtype == dns.TypeSRV && qtype == dns.TypeSRV:
			complaint = next.res.takeSRV(m, &r)
			wanted++
		case (r.rtype == dns.TypeA || r.rtype == dns.TypeAAAA) && isAddress:
			complaint = next.res.takeAddr(qtype, m, &r)
			wanted++
		default:
			log(fmt.Sprintf("unexpected RR type %d in DNS response", r.rtype))
		}
		if complaint != "" {
			return complaint
		}
		i = r.at + r.size
	}
	switch {
	case qtype == dns.TypePTR:
		return "no PTR type in DNS response"
	case wanted > 0:
	case alias > 0:
		if next.res.alias, complaint = m.text(alias); complaint != "" {
			return complaint
		}
	case qtype == dns.TypeSRV:
		return "no SRV type in DNS response"
	default:
		return "no A or CNAME types in DNS response"
	}
	*p = next
	return ""
}

// takeAddr adds an address.
func (res *result) takeAddr(qtype uint16, m *reply, r *record) (complaint string) {
	name, size := "A", 4
	if r.rtype == dns.TypeAAAA {
		name, size = "AAAA", 16
	}
	switch {
	case r.rtype != qtype:
		return fmt.Sprintf("unexpected %s record in DNS response", name)
	case r.size != size:
		return fmt.Sprintf("invalid %s record in DNS response", name)
	case r.at+size > len(m.data):
		return shortReply
	}
	addr, _ := netip.AddrFromSlice(m.data[r.at : r.at+size])
	if size == 4 {
		res.v4 = append(res.v4, addr)
	} else {
		res.v6 = append(res.v6, addr)
	}
	return ""
}

// takeSRV adds a host of a service.
func (res *result) takeSRV(m *reply, r *record) (complaint string) {
	if r.at+6 >= len(m.data) {
		return shortReply
	}
	name, complaint := m.text(r.at + 6)
	if complaint == "" {
		res.srv = append(res.srv, srvRecord{
			name: name, priority: m.u16(r.at), weight: max(m.u16(r.at+2), 1), port: m.u16(r.at + 4),
		})
	}
	return complaint
}

// conclude decides what all answers together say. One that failed makes the
// lookup fail, even when the other has addresses.
func (f *flight) conclude() {
	p := &f.partial
	f.code = p.code
	if f.code != 0 {
		return
	}
	res := &p.res
	switch {
	case len(res.v4)+len(res.v6)+len(res.srv) > 0 || res.name != "":
		res.alias = ""
	case res.alias == "" || f.entry.kind == kindAddr:
		f.code = HostNotFound
		return
	}
	sortSRV(res.srv)
	ttl := time.Duration(p.ttl) * time.Second
	if f.r.Valid != 0 {
		ttl = f.r.Valid
	}
	res.valid = time.Now().Unix() + int64(ttl/time.Second)
	f.res = res
}
