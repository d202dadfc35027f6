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

// handle takes one message in. Whatever is wrong with it is logged and ignored,
// as it may be forged; the servers are asked again in time.
func (f *flight) handle(msg message) progress {
	var m dns.Msg
	q, complaint := f.match(&m, msg)
	if complaint != "" {
		f.r.Log(complaint)
		return nothing
	}
	if q == nil {
		return nothing
	}
	if m.Truncated {
		q.tcp = true
		f.sendTCP(f.r.Servers[f.server], q.wire)
		return truncated
	}
	code := Code(m.Rcode)
	f.r.counters.response(code)
	if code == 0 {
		if complaint = f.partial.take(q.qtype, m.Answer); complaint != "" {
			f.r.Log(complaint)
			return nothing
		}
	} else {
		f.partial.code = code
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

// match finds the question a message answers; complaint says what is wrong with
// one that answers none.
func (f *flight) match(m *dns.Msg, msg message) (q *query, complaint string) {
	const headerSize = 12
	if len(msg.data) < headerSize {
		return nil, "short DNS response"
	}
	id := int(msg.data[0])<<8 | int(msg.data[1])
	flags := int(msg.data[2])<<8 | int(msg.data[3])
	network := "UDP"
	if msg.tcp {
		network = "TCP"
	}
	// A response to a standard query, with no reserved bit; truncation is not
	// for TCP.
	if flags&0xf870 != 0x8000 || msg.tcp && flags&0x0200 != 0 {
		return nil, fmt.Sprintf("invalid %s DNS response %d fl:%04X", network, id, flags)
	}
	if code := Code(flags & 0xf); code == FormatError || code > lastKnownRcode {
		f.r.counters.response(code)
		text := fmt.Sprintf("DNS error (%d: %s), query id:%d", int(code), code, id)
		for i := range f.queries {
			if code == FormatError && int(f.queries[i].id) == id {
				text += `, name:"` + f.entry.name + `"`
			}
		}
		return nil, text
	}
	if err := m.Unpack(msg.data); err != nil && !m.Truncated {
		return nil, "short DNS response"
	}
	if len(m.Question) != 1 {
		return nil, "invalid number of questions in DNS response"
	}
	question := &m.Question[0]
	if question.Qclass != dns.ClassINET {
		return nil, fmt.Sprintf("unknown query class %d in DNS response", question.Qclass)
	}
	name := plainName(question.Name)
	for i := range f.queries {
		q = &f.queries[i]
		if q.qtype != question.Qtype || name != f.entry.name || q.answered {
			continue
		}
		if m.Id != q.id {
			return nil, fmt.Sprintf("wrong ident %d in DNS response for %s, expect %d", m.Id, name, q.id)
		}
		if m.Truncated && q.tcp {
			return nil, "" // the same answer again; TCP is under way
		}
		return q, ""
	}
	return nil, "unexpected DNS response for " + name
}

// take adds the records of an answer to the question qtype; complaint is why the
// whole message must be ignored.
func (p *partial) take(qtype uint16, answer []dns.RR) (complaint string) {
	next := *p
	for _, rr := range answer {
		h := rr.Header()
		if h.Class != dns.ClassINET {
			return fmt.Sprintf("unexpected RR class %d in DNS response", h.Class)
		}
		ttl := h.Ttl
		if int32(ttl) < 0 { // RFC 2181, section 8
			ttl = 0
		}
		next.ttl = min(next.ttl, ttl)
		switch rr := rr.(type) {
		case *dns.A:
			addr, ok := netip.AddrFromSlice(rr.A)
			if qtype != dns.TypeA {
				return "unexpected A record in DNS response"
			}
			if !ok {
				return "invalid A record in DNS response"
			}
			next.res.v4 = append(next.res.v4, addr.Unmap())
		case *dns.AAAA:
			addr, ok := netip.AddrFromSlice(rr.AAAA)
			if qtype != dns.TypeAAAA {
				return "unexpected AAAA record in DNS response"
			}
			if !ok {
				return "invalid AAAA record in DNS response"
			}
			next.res.v6 = append(next.res.v6, addr)
		case *dns.SRV:
			next.res.srv = append(next.res.srv, srvRecord{
				name: plainName(rr.Target), port: rr.Port, priority: rr.Priority, weight: max(rr.Weight, 1),
			})
		case *dns.PTR:
			if next.res.name == "" {
				next.res.name = plainName(rr.Ptr)
			}
		case *dns.CNAME:
			next.res.alias = plainName(rr.Target)
		}
	}
	*p = next
	return ""
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

// plainName undoes the escapes of package dns, drops the final dot and folds
// letters.
func plainName(s string) string {
	s = lowered(strings.TrimSuffix(s, "."))
	if !strings.Contains(s, `\`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+3 < len(s) && isDigit(s[i+1]) && isDigit(s[i+2]) && isDigit(s[i+3]):
			b = append(b, (s[i+1]-'0')*100+(s[i+2]-'0')*10+(s[i+3]-'0'))
			i += 3
		case s[i] == '\\' && i+1 < len(s):
			i++
			b = append(b, s[i])
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
