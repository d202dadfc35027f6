package upstream

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// thousand are 1,000 servers.
func thousand(tb testing.TB) []Server {
	tb.Helper()
	list := make([]Server, 1000)
	for i := range list {
		addr, err := netaddr.ParseAddr(fmt.Sprintf("127.0.%d.%d:80", i/250, i%250+1))
		if err != nil {
			tb.Fatal(err)
		}
		list[i] = Server{Name: addr.String(), Addrs: []netaddr.Addr{addr}, Weight: 1 + i%3, MaxFails: 1, FailTimeout: 10}
	}
	return list
}

var methods = []struct {
	name   string
	method Balancer
}{
	{"round_robin", RoundRobin{}},
	{"least_conn", LeastConn{}},
	{"least_time", &LeastTime{}},
	{"ip_hash", IPHash{}},
	{"hash", Hash{}},
	{"hash_consistent", Ketama{}},
	{"random", Random{}},
	{"random_two", Random{Two: true}},
}

// BenchmarkThousandPeers is a choice among 1,000 peers and its end.
func BenchmarkThousandPeers(b *testing.B) {
	for _, m := range methods {
		b.Run(m.name, func(b *testing.B) {
			g := NewGroup("u", thousand(b), m.method)
			var c Choice
			key := make([]byte, 0, 20)
			b.ResetTimer()
			for i := range b.N {
				key = strconv.AppendInt(key[:0], int64(i), 10)
				c.Key = key
				g.Begin(&c)
				c.Next()
				c.Free(Worked)
			}
		})
	}
}

// BenchmarkSinglePeer is a choice where there is none.
func BenchmarkSinglePeer(b *testing.B) {
	g := NewGroup("u", thousand(b)[:1], RoundRobin{})
	var c Choice
	for i := range b.N {
		g.Begin(&c)
		c.Now = int64(i) + 1
		c.Next()
		c.Free(Worked)
	}
}

// TestChoicesAllocateNothing: of each method.
func TestChoicesAllocateNothing(t *testing.T) {
	for _, m := range methods {
		g := New(&Config{Name: "u", Servers: thousand(t), Method: m.method, Sticky: true, Queue: 10})
		c := Choice{Key: []byte("key"), Hint: []byte("no such peer")}
		if n := testing.AllocsPerRun(20, func() {
			for range 100 {
				g.Begin(&c)
				c.Next()
				c.Free(Worked)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", m.name, n)
		}
	}
}
