package resolver

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// at is the offset of the answer section in a reply to "a.test", whose first
// record has its data behind a name of two bytes.
const (
	at   = headerSize + len("\x01a\x04test\x00") + questionSize
	data = at + 2 + recordSize
)

// rr makes a record.
func rr(name string, rtype uint16, size int, data string) string {
	b := binary.BigEndian.AppendUint16([]byte(name), rtype)
	b = binary.BigEndian.AppendUint16(b, dns.ClassINET)
	b = binary.BigEndian.AppendUint32(b, 60)
	b = binary.BigEndian.AppendUint16(b, uint16(size))
	return string(b) + data
}

// pointer is a compression pointer to an offset.
func pointer(to int) string { return string([]byte{0xc0 | byte(to>>8), byte(to)}) }

// TestReply: which replies count, with nginx's words for those that do not. The
// outcomes are nginx's.
func TestReply(t *testing.T) {
	const question, ok = "\xc0\x0c", "\x02ok\x04test\x00"
	address := rr(question, dns.TypeA, 4, "\x7f\x00\x00\x01")
	cname := func(data string) string { return rr(question, dns.TypeCNAME, len(data), data) }
	for _, c := range []struct {
		name    string
		answers int // as the header says
		rest    string
		want    string // the address, or the other name
		log     string
	}{
		{"one", 1, address, "127.0.0.1", ""},
		{"fewer than said", 2, address, "", "short DNS response"},
		{"far fewer", 0xffff, address, "", "short DNS response"},
		{"more than said", 1, address + address, "127.0.0.1", ""},
		{"none said", 0, address, "", ""},
		{"something behind", 1, address + "\xff\xff", "127.0.0.1", ""},
		{"cut", 1, address[:len(address)-1], "", "short DNS response"},
		{"cut in front of its data", 1, address[:len(address)-4], "", "short DNS response"},
		{"too short", 1, rr(question, dns.TypeA, 3, "\x7f\x00\x00\x01"), "", "invalid A record in DNS response"},
		{"too long", 1, rr(question, dns.TypeA, 5, "\x7f\x00\x00\x01\x00"), "", "invalid A record in DNS response"},
		{"another family", 1, rr(question, dns.TypeAAAA, 16, strings.Repeat("\x00", 16)), "", "unexpected AAAA record in DNS response"},
		{"another type too", 2, rr(question, dns.TypeTXT, 1, "\x00") + address, "127.0.0.1", "unexpected RR type 16 in DNS response"},
		{"another type alone", 1, rr(question, dns.TypeTXT, 1, "\x00"), "", "unexpected RR type 16 in DNS response, no A or CNAME types in DNS response"},
		{"DNAME", 2, rr(question, dns.TypeDNAME, len(ok), ok) + address, "127.0.0.1", ""},
		{"name at the root", 1, rr("\x00", dns.TypeA, 4, "\x7f\x00\x00\x01"), "", "invalid name in DNS response"},
		{"name that points to itself", 1, rr(pointer(at), dns.TypeA, 4, "\x7f\x00\x00\x01"), "127.0.0.1", ""},
		{"alias", 1, cname(ok), "ok.test", ""},
		{"alias in capitals", 1, cname("\x02OK\x04Test\x00"), "ok.test", ""},
		{"alias by a pointer", 1, cname("\x02ok" + pointer(headerSize+2)), "ok.test", ""},
		{"alias by a pointer ahead", 1, cname(pointer(data+2)) + ok, "ok.test", ""},
		{"alias longer than its record", 1, rr(question, dns.TypeCNAME, 2, ok), "ok.test", ""},
		{"alias shorter than its record", 1, rr(question, dns.TypeCNAME, 200, ok), "ok.test", ""},
		{"alias in a loop", 1, cname(pointer(data)), "", "compression pointers loop in DNS response"},
		{"alias behind the end", 1, cname("\xc3\xff"), "", "name is out of DNS response"},
		{"alias that is cut", 1, cname("\x3fabc"), "", "name is out of DNS response"},
		{"alias with a label of another type", 1, cname("\x40abc\x00"), "", "invalid label type in DNS response"},
		{"alias without data", 1, cname(""), "", "short DNS response"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log []string
			r := New(Config{
				IPv4: true, Servers: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53")},
				Log: func(text string) { log = append(log, text) },
			})
			defer r.Close()
			f := &flight{r: r, entry: &entry{key: key{kindName, "a.test"}}}
			if !f.ask() {
				t.Fatal("no question")
			}
			wire := binary.BigEndian.AppendUint16(nil, f.queries[0].id)
			wire = append(wire, 0x81, 0x80, 0, 1, byte(c.answers>>8), byte(c.answers), 0, 3, 0, 3)
			wire = append(wire, "\x01a\x04test\x00\x00\x01\x00\x01"+c.rest...)
			got := ""
			if f.handle(message{data: wire}) == complete && f.res != nil {
				got = f.res.alias
				if len(f.res.v4) > 0 {
					got = f.res.v4[0].String()
				}
			}
			if got != c.want || strings.Join(log, ", ") != c.log {
				t.Errorf("%q, %q; want %q, %q", got, log, c.want, c.log)
			}
		})
	}
}
