package resolver

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"
)

func FuzzHandle(f *testing.F) {
	for _, name := range []string{"both.example.", "alias.example.", "gone.example.", "fail.example."} {
		query := new(dns.Msg).SetQuestion(name, dns.TypeA)
		wire, err := answer(exampleZone, query).Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name[:len(name)-1], wire)
	}
	f.Add("x", []byte{0, 0, 0x80, 0})
	r := New(Config{IPv4: true, Servers: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53")}})
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		flight := &flight{r: r, entry: &entry{key: key{kindName, lowered(name)}}}
		if !flight.ask() || len(data) < 4 || data[2]&2 != 0 {
			return // no question, or one that would go to a server over TCP
		}
		flight.queries[0].id = uint16(data[0])<<8 | uint16(data[1])
		if flight.handle(message{data: data}) == complete && flight.code == 0 && flight.res == nil {
			t.Fatal("complete with neither an answer nor a code")
		}
	})
}

func FuzzEscapeName(f *testing.F) {
	for _, s := range []string{"www.example", `a\.b`, "a..b", "\x00\xff.x", "ü.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		escaped, ok := escapeName(name)
		if !ok {
			return
		}
		var m dns.Msg
		wire, err := m.SetQuestion(escaped, dns.TypeA).Pack()
		if err != nil {
			return // longer than a name can be
		}
		r := reply{data: wire}
		if got, complaint := r.text(headerSize); got != lowered(name) {
			t.Fatalf("%q became %q, %s", name, got, complaint)
		}
	})
}
