package resolver

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// reply is a response as it came from a server. Of it only the header, the
// question and the answer section are read, as nginx does: what follows them
// does not count, and what is missing from them makes the whole invalid.
type reply struct {
	data    []byte
	id      int
	flags   int
	code    Code
	answers int // number of records, from the header
	at      int // where the first of them begins

	name          string // of the question, in lower case
	qtype, qclass uint16
}

// The sizes of what has one, in bytes.
const (
	headerSize   = 12
	questionSize = 4  // type and class, behind the name
	recordSize   = 10 // type, class, TTL and length, behind the name
)

// complaints that are made in more than one place.
const (
	shortReply = "short DNS response"
	outOfReply = "name is out of DNS response"
)

func (m *reply) u16(at int) uint16 { return binary.BigEndian.Uint16(m.data[at:]) }

// header reads what comes first; it wants headerSize bytes.
func (m *reply) header() {
	m.id, m.flags, m.answers = int(m.u16(0)), int(m.u16(2)), int(m.u16(6))
	m.code = Code(m.flags & 0xf)
}

func (m *reply) truncated() bool { return m.flags&0x0200 != 0 }

// question reads the question; complaint describes what is wrong with it.
func (m *reply) question() (complaint string) {
	if m.u16(4) != 1 {
		return "invalid number of questions in DNS response"
	}
	i, n := headerSize, len(m.data)
	for i < n && m.data[i] != 0 {
		if m.data[i]&0xc0 != 0 {
			return "unexpected compression pointer in DNS response"
		}
		i += 1 + int(m.data[i])
	}
	switch {
	case i >= n:
		return shortReply
	case i == headerSize:
		return "zero-length domain name in DNS response"
	}
	i++
	// A record has at least a name of two bytes.
	if i+questionSize+m.answers*(2+recordSize) > n {
		return shortReply
	}
	m.qtype, m.qclass, m.at = m.u16(i), m.u16(i+2), i+questionSize
	m.name, complaint = m.text(headerSize)
	return complaint
}

// record is one of the answer section.
type record struct {
	rtype uint16
	ttl   uint32
	size  int // of its data
	at    int // where they begin
}

// record reads the record at offset i. Its data may end behind the message.
func (m *reply) record(i int) (r record, complaint string) {
	start, n := i, len(m.data)
	for i < n && m.data[i]&0xc0 == 0 && m.data[i] != 0 {
		i += 1 + int(m.data[i])
	}
	switch {
	case i >= n:
		return r, shortReply
	case m.data[i]&0xc0 != 0:
		i += 2
	default:
		if i++; i-start < 2 {
			return r, "invalid name in DNS response"
		}
	}
	if i+recordSize >= n {
		return r, shortReply
	}
	r = record{
		rtype: m.u16(i), ttl: binary.BigEndian.Uint32(m.data[i+4:]), size: int(m.u16(i + 8)), at: i + recordSize,
	}
	if class := m.u16(i + 2); class != dns.ClassINET {
		return r, fmt.Sprintf("unexpected RR class %d in DNS response", class)
	}
	if int32(r.ttl) < 0 { // RFC 2181, section 8
		r.ttl = 0
	}
	return r, ""
}

// text returns the name at offset i, in lower case and without the dot at its
// end. Pointers may lead anywhere in the message.
func (m *reply) text(i int) (name, complaint string) {
	var b strings.Builder
	for range 128 { // enough for a name of 255 bytes, and an end to loops
		if i >= len(m.data) {
			return "", outOfReply
		}
		n := int(m.data[i])
		i++
		switch {
		case n == 0:
			return lowered(b.String()), ""
		case n&0xc0 == 0xc0:
			if i >= len(m.data) {
				return "", outOfReply
			}
			i = n&0x3f<<8 + int(m.data[i])
		case n&0xc0 != 0:
			return "", "invalid label type in DNS response"
		case i+n >= len(m.data):
			return "", outOfReply
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.Write(m.data[i : i+n])
			i += n
		}
	}
	return "", "compression pointers loop in DNS response"
}
