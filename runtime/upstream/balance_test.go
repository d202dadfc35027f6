package upstream

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// servers makes servers named a, b, ... of weights, with ports 1, 2, ...
func servers(t *testing.T, weights ...int) []Server {
	t.Helper()
	var list []Server
	for i, w := range weights {
		addr, err := netaddr.ParseAddr("127.0.0.1:" + strconv.Itoa(i+1))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Server{
			Name: string(rune('a' + i)), Addrs: []netaddr.Addr{addr}, Weight: w, MaxFails: 1, FailTimeout: 10,
		})
	}
	return list
}

// pick makes n choices, each with a search of its own, and gives the peers back
// at once.
func pick(g *Group, n int, key string) string {
	var b strings.Builder
	for range n {
		var c Choice
		c.Key = []byte(key)
		g.Begin(&c)
		p := c.Next()
		if p == nil {
			b.WriteByte('-')
			continue
		}
		b.WriteString(p.Server)
		c.Free(Worked)
	}
	return b.String()
}

func TestRoundRobin(t *testing.T) {
	for _, c := range []struct {
		name    string
		weights []int
		want    string
	}{
		{"equal", []int{1, 1, 1}, "abcabc"},
		{"weighted", []int{5, 1, 1}, "aabacaa" + "aabacaa"},
		{"single", []int{3}, "aaa"},
	} {
		if got := pick(NewGroup("u", servers(t, c.weights...), RoundRobin{}), len(c.want), ""); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestFailover(t *testing.T) {
	list := servers(t, 1, 1, 1)
	list[2].Backup = true
	g := NewGroup("u", list, RoundRobin{})
	var c Choice
	g.Begin(&c)
	if c.Tries != 3 {
		t.Errorf("%d tries, want 3", c.Tries)
	}
	order := ""
	for p := c.Next(); p != nil; p = c.Next() {
		order += p.Server
		if !c.Free(Failed) {
			t.Errorf("%s has failed once too often, and is not reported", p.Server)
		}
	}
	if order != "abc" || c.Tries != 0 {
		t.Errorf("%s, %d tries left", order, c.Tries)
	}
	if got := pick(g, 1, ""); got != "-" {
		t.Errorf("%s is left out for its fail_timeout", got)
	}
}

func TestLimits(t *testing.T) {
	list := servers(t, 1, 1)
	list[0].MaxConns = 1
	list[1].Down = true
	g := NewGroup("u", list, RoundRobin{})
	var c Choice
	g.Begin(&c)
	if p := c.Next(); p == nil || p.Server != "a" {
		t.Fatal("a has room for one")
	}
	if got := pick(g, 1, ""); got != "-" {
		t.Errorf("%s: a is full, b is down", got)
	}
	c.Free(Worked)
	if got := pick(g, 1, ""); got != "a" {
		t.Errorf("%s: a is free again", got)
	}
}

// TestSingleForgives: the only peer is never left out for its failures.
func TestSingleForgives(t *testing.T) {
	g := NewGroup("u", servers(t, 1), RoundRobin{})
	for range 3 {
		var c Choice
		g.Begin(&c)
		if c.Next() == nil {
			t.Fatal("no peer")
		}
		if c.Free(Failed) || c.Tries != 0 {
			t.Error("a failure of the only peer counts")
		}
	}
}

func TestLeastConn(t *testing.T) {
	g := NewGroup("u", servers(t, 1, 2), LeastConn{})
	order := ""
	open := make([]Choice, 6)
	for i := range open {
		g.Begin(&open[i])
		order += open[i].Next().Server
	}
	// Two of three go to the peer that counts twice.
	if n := strings.Count(order, "b"); n != 4 {
		t.Errorf("%s", order)
	}
}

func TestHashing(t *testing.T) {
	for _, m := range []struct {
		name string
		new  func() Balancer
	}{
		{"ip_hash", func() Balancer { return IPHash{} }},
		{"hash", func() Balancer { return Hash{} }},
		{"hash consistent", func() Balancer { return Ketama{} }},
	} {
		g := NewGroup("u", servers(t, 1, 1, 1, 1), m.new())
		used := map[string]bool{}
		for i := range 100 {
			key := string([]byte{10, byte(i), byte(i * i)})
			got := pick(g, 3, key)
			if got[0] != got[1] || got[1] != got[2] {
				t.Errorf("%s: one key went to %s", m.name, got)
			}
			used[got[:1]] = true
		}
		if len(used) != 4 {
			t.Errorf("%s: all keys went to %v", m.name, used)
		}
		// The next attempt asks another peer.
		var c Choice
		c.Key = []byte("key")
		g.Begin(&c)
		seen := map[string]bool{}
		for p := c.Next(); p != nil; p = c.Next() {
			seen[p.Server] = true
			c.Free(Next)
		}
		if len(seen) != 4 {
			t.Errorf("%s: attempts asked %v", m.name, seen)
		}
	}
}

// TestConsistent: a peer that goes takes only its own keys along.
func TestConsistent(t *testing.T) {
	all := servers(t, 1, 1, 1, 1)
	four := NewGroup("u", all, Ketama{})
	three := NewGroup("u", all[:3], Ketama{})
	for i := range 200 {
		key := strconv.Itoa(i)
		was, is := pick(four, 1, key), pick(three, 1, key)
		if was != "d" && was != is {
			t.Errorf("key %s moved from %s to %s", key, was, is)
		}
	}
}

// TestConsistentHeavy: the ring of peers with large weights is bounded, and has all of them.
func TestConsistentHeavy(t *testing.T) {
	for _, weights := range [][]int{{math.MaxInt, math.MaxInt, 1}, {MaxWeight, MaxWeight, MaxWeight}, {100000, 100000, 1}, {26000, 200, 14}} {
		set := NewGroup("u", servers(t, weights...), RoundRobin{}).now.Load().primary
		n := 0
		for i, p := range set.Peers {
			points := pointsOf(p.weight, set.weight)
			if points < 1 {
				t.Errorf("%v: peer %d is not on the ring", weights, i)
			}
			n += points
		}
		if n < maxPoints/2 || n > maxPoints+len(weights) {
			t.Errorf("%v: %d points", weights, n)
		}
	}
}

func TestRandom(t *testing.T) {
	for _, m := range []Random{{}, {Two: true}} {
		g := NewGroup("u", servers(t, 1, 1), m)
		got := pick(g, 200, "")
		if strings.Count(got, "a") < 40 || strings.Count(got, "b") < 40 {
			t.Errorf("%+v: %s", m, got)
		}
	}
}

func TestManyPeers(t *testing.T) {
	list := servers(t, make([]int, 200)...)
	for i := range list {
		list[i].Weight, list[i].Name = 1, strconv.Itoa(i)
	}
	g := NewGroup("u", list, RoundRobin{})
	var c Choice
	for range 2 {
		g.Begin(&c)
		seen := map[string]bool{}
		for p := c.Next(); p != nil; p = c.Next() {
			if seen[p.Server] {
				t.Fatalf("%s was asked twice", p.Server)
			}
			seen[p.Server] = true
			c.Free(Next)
		}
		if len(seen) != 200 {
			t.Errorf("%d peers were asked", len(seen))
		}
	}
}

func TestChoiceAllocates(t *testing.T) {
	g := NewGroup("u", servers(t, 1, 2, 3), RoundRobin{})
	var c Choice
	if n := testing.AllocsPerRun(100, func() {
		g.Begin(&c)
		_ = c.Next()
		c.Free(Worked)
	}); n != 0 {
		t.Errorf("%v allocations per choice", n)
	}
}
