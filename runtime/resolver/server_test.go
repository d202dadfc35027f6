package resolver

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A zone is what a test server knows, by "name type"; a number as the first
// record is a response code. Names not in it do not exist.
type zone map[string][]string

// A dnsServer answers from a zone over UDP and TCP on a loopback port.
type dnsServer struct {
	addr netip.AddrPort

	zone     zone
	truncate bool // answers over UDP

	mu    sync.Mutex
	asked []string // "udp www.example. A"
}

var rcodes = map[string]int{"1": 1, "2": 2, "3": 3, "5": 5, "9": 9}

func startServer(t *testing.T, z zone, truncate bool) *dnsServer {
	t.Helper()
	udp, tcp := listen(t)
	s := &dnsServer{zone: z, truncate: truncate, addr: netip.MustParseAddrPort(udp.LocalAddr().String())}
	servers := []*dns.Server{
		{PacketConn: udp, Handler: dns.HandlerFunc(s.serve)},
		{Listener: tcp, Handler: dns.HandlerFunc(s.serve)},
	}
	var wg sync.WaitGroup
	for _, server := range servers {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		wg.Go(func() { _ = server.ActivateAndServe() })
		<-started
	}
	t.Cleanup(func() {
		for _, server := range servers {
			_ = server.Shutdown()
		}
		wg.Wait()
	})
	return s
}

// listen finds a port that is free for both protocols.
func listen(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for {
		udp, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		tcp, err := net.Listen("tcp", udp.LocalAddr().String())
		if err == nil {
			return udp, tcp
		}
		_ = udp.Close()
	}
}

func (s *dnsServer) serve(w dns.ResponseWriter, query *dns.Msg) {
	network := w.LocalAddr().Network()
	s.mu.Lock()
	q := query.Question[0]
	s.asked = append(s.asked, network+" "+q.Name+" "+dns.TypeToString[q.Qtype])
	m := answer(s.zone, query)
	if s.truncate && network == "udp" {
		m.Truncated, m.Answer = true, nil
	}
	s.mu.Unlock()
	_ = w.WriteMsg(m)
}

// answer makes the response to a query.
func answer(z zone, query *dns.Msg) *dns.Msg {
	m := new(dns.Msg)
	q := query.Question[0]
	records, known := z[q.Name+" "+dns.TypeToString[q.Qtype]]
	if !known {
		for _, other := range []string{"A", "AAAA", "SRV", "PTR"} {
			if _, exists := z[q.Name+" "+other]; exists {
				m.SetReply(query) // the name exists, without records of this type
				return m
			}
		}
		m.SetRcode(query, dns.RcodeNameError)
		return m
	}
	m.SetReply(query)
	for _, record := range records {
		if code, ok := rcodes[record]; ok {
			m.Rcode = code
			continue
		}
		rr, err := dns.NewRR(record)
		if err != nil {
			panic(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	return m
}

// newResolver returns a resolver that asks servers, closed with the test.
func newResolver(t *testing.T, edit func(*Config), servers ...*dnsServer) *Resolver {
	t.Helper()
	c := Config{IPv4: true, IPv6: true}
	for _, s := range servers {
		c.Servers = append(c.Servers, s.addr)
	}
	if edit != nil {
		edit(&c)
	}
	r := New(c)
	t.Cleanup(r.Close)
	return r
}

// A pipeServer is a name server inside a synctest bubble: queries arrive on a
// channel, and a test answers when it likes.
type pipeServer struct {
	queries chan pipeQuery
}

type pipeQuery struct {
	server  netip.AddrPort
	network string
	msg     *dns.Msg
	reply   func(*dns.Msg)
	raw     func([]byte)
}

func newPipeServer() *pipeServer {
	return &pipeServer{queries: make(chan pipeQuery, 64)}
}

func (p *pipeServer) dial(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
	client, end := net.Pipe()
	go func() {
		defer func() { _ = end.Close() }()
		conn := &dns.Conn{Conn: end}
		buf := make([]byte, maxUDP)
		for {
			n, err := end.Read(buf)
			if err != nil {
				return
			}
			m := new(dns.Msg)
			if err := m.Unpack(buf[:n]); err != nil {
				return
			}
			raw := func(b []byte) { _, _ = conn.Conn.Write(b) }
			p.queries <- pipeQuery{server, network, m, func(r *dns.Msg) {
				wire, err := r.Pack()
				if err != nil {
					panic(err)
				}
				raw(wire)
			}, raw}
		}
	}()
	return client, nil
}
