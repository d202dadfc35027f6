package resolver

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// joined sorts addresses into one string.
func joined(addrs []netip.Addr) string {
	var list []string
	for _, a := range addrs {
		list = append(list, a.String())
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

var exampleZone = zone{
	"one.example. A":       {"one.example. 60 IN A 192.0.2.1"},
	"both.example. A":      {"both.example. 60 IN A 192.0.2.1", "both.example. 30 IN A 192.0.2.2"},
	"both.example. AAAA":   {"both.example. 60 IN AAAA 2001:db8::1"},
	"six.example. AAAA":    {"six.example. 60 IN AAAA 2001:db8::6"},
	"none.example. PTR":    nil,
	"fail.example. A":      {"2"},
	"fail.example. AAAA":   {"fail.example. 60 IN AAAA 2001:db8::1"},
	"refused.example. A":   {"5"},
	"chain.example. A":     {"chain.example. 60 IN CNAME one.example.", "one.example. 20 IN A 192.0.2.1"},
	"chain.example. AAAA":  {"chain.example. 60 IN CNAME one.example."},
	"alias.example. A":     {"alias.example. 60 IN CNAME alias2.example."},
	"alias.example. AAAA":  {"alias.example. 60 IN CNAME alias2.example."},
	"alias2.example. A":    {"alias2.example. 60 IN CNAME one.example."},
	"alias2.example. AAAA": {"alias2.example. 60 IN CNAME one.example."},
	"loop.example. A":      {"loop.example. 60 IN CNAME loop.example."},
	"dead.example. A":      {"dead.example. 60 IN CNAME gone.example."},

	"_http._tcp.app.example. SRV": {
		"_http._tcp.app.example. 60 IN SRV 20 0 8020 one.example.",
		"_http._tcp.app.example. 60 IN SRV 10 5 8010 both.example.",
		"_http._tcp.app.example. 60 IN SRV 10 5 8011 gone.example.",
	},
	"_x._udp.app.example. SRV":     {"_x._udp.app.example. 60 IN SRV 1 1 53 one.example."},
	"_dead._tcp.app.example. SRV":  {"_dead._tcp.app.example. 60 IN SRV 1 1 53 gone.example."},
	"_alias._tcp.app.example. SRV": {"_alias._tcp.app.example. 60 IN CNAME _x._udp.app.example."},

	"1.2.0.192.in-addr.arpa. PTR": {"1.2.0.192.in-addr.arpa. 60 IN PTR One.Example."},
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR": {
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 60 IN PTR six.example.",
	},
}

func TestResolve(t *testing.T) {
	s := startServer(t, exampleZone, false)
	onlyIPv4 := func(c *Config) { c.IPv6 = false }
	onlyIPv6 := func(c *Config) { c.IPv4 = false }
	tests := []struct {
		name string
		edit func(*Config)
		want string
		err  string
	}{
		{"one.example", nil, "192.0.2.1", ""},
		{"ONE.Example.", nil, "192.0.2.1", ""},
		{"both.example", nil, "192.0.2.1 192.0.2.2 2001:db8::1", ""},
		{"both.example", onlyIPv4, "192.0.2.1 192.0.2.2", ""},
		{"both.example", onlyIPv6, "2001:db8::1", ""},
		{"six.example", nil, "2001:db8::6", ""},
		{"192.0.2.77", nil, "192.0.2.77", ""},
		{"192.0.2.077", nil, "192.0.2.77", ""},
		{"chain.example", nil, "192.0.2.1", ""},
		{"alias.example", nil, "192.0.2.1", ""},
		{"gone.example", nil, "", "gone.example could not be resolved (3: Host not found)"},
		{"none.example", nil, "", "none.example could not be resolved (3: Host not found)"},
		{"six.example", onlyIPv4, "", "six.example could not be resolved (3: Host not found)"},
		{"fail.example", nil, "", "fail.example could not be resolved (2: Server failure)"},
		{"refused.example", nil, "", "refused.example could not be resolved (5: Operation refused)"},
		{"loop.example", nil, "", "loop.example could not be resolved (3: Host not found)"},
		{"dead.example", nil, "", "dead.example could not be resolved (3: Host not found)"},
		{"", nil, "", " could not be resolved (3: Host not found)"},
		{"a..example", nil, "", "a..example could not be resolved (3: Host not found)"},
		{strings.Repeat("x", 64) + ".example", nil, "", strings.Repeat("x", 64) + ".example could not be resolved (3: Host not found)"},
		{`we\ird "name"`, nil, "", `we\ird "name" could not be resolved (3: Host not found)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newResolver(t, tt.edit, s)
			for _, pass := range []string{"first", "cached"} {
				addrs, _, err := r.Resolve(nil, tt.name, Wait{Timeout: time.Minute})
				if tt.err != "" {
					if err == nil || err.Error() != tt.err {
						t.Errorf("%s: %v, want %s", pass, err, tt.err)
					}
					continue
				}
				if err != nil || joined(addrs) != tt.want {
					t.Errorf("%s: %v, %v, want %s", pass, addrs, err, tt.want)
				}
			}
		})
	}
}

func TestResolveWithoutServers(t *testing.T) {
	r := newResolver(t, nil)
	if _, _, err := r.Resolve(nil, "one.example", Wait{}); !errors.Is(err, ErrNoServers) {
		t.Error(err)
	}
	if addrs, _, err := r.Resolve(nil, "192.0.2.1", Wait{}); err != nil || joined(addrs) != "192.0.2.1" {
		t.Error(addrs, err)
	}
}

func TestTruncatedUsesTCP(t *testing.T) {
	s := startServer(t, exampleZone, true)
	r := newResolver(t, nil, s)
	addrs, _, err := r.Resolve(nil, "both.example", Wait{Timeout: time.Minute})
	if err != nil || joined(addrs) != "192.0.2.1 192.0.2.2 2001:db8::1" {
		t.Error(addrs, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.asked)
	if got := strings.Join(s.asked, ", "); got != "tcp both.example. A, tcp both.example. AAAA, udp both.example. A, udp both.example. AAAA" {
		t.Error(got)
	}
}

func TestResolveAddr(t *testing.T) {
	s := startServer(t, exampleZone, false)
	r := newResolver(t, nil, s)
	for _, tt := range []struct{ addr, want, err string }{
		{"192.0.2.1", "one.example", ""},
		{"::ffff:192.0.2.1", "one.example", ""},
		{"2001:db8::1", "six.example", ""},
		{"192.0.2.9", "", "192.0.2.9 could not be resolved (3: Host not found)"},
	} {
		name, _, err := r.ResolveAddr(netip.MustParseAddr(tt.addr), Wait{Timeout: time.Minute})
		if name != tt.want || (err != nil || tt.err != "") && (err == nil || err.Error() != tt.err) {
			t.Errorf("%s: %q, %v", tt.addr, name, err)
		}
	}
}

func TestResolveService(t *testing.T) {
	s := startServer(t, exampleZone, false)
	r := newResolver(t, func(c *Config) { c.IPv6 = false }, s)
	for _, tt := range []struct{ service, want, err string }{
		{"http", "192.0.2.1:8010/both.example/10/5 192.0.2.2:8010/both.example/10/5 192.0.2.1:8020/one.example/20/1", ""},
		{"_x._udp", "192.0.2.1:53/one.example/1/1", ""},
		{"alias", "192.0.2.1:53/one.example/1/1", ""},
		{"dead", "", "app.example could not be resolved (3: Host not found)"},
		{"unknown", "", "app.example could not be resolved (3: Host not found)"},
	} {
		targets, valid, err := r.ResolveService(nil, tt.service, "app.example", Wait{Timeout: time.Minute})
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%s: %v", tt.service, err)
			}
			continue
		}
		var got []string
		for _, target := range targets {
			got = append(got, fmt.Sprintf("%s/%s/%d/%d", target.Addr, target.Name, target.Priority, target.Weight))
		}
		if len(got) > 2 {
			slices.Sort(got[:2]) // the addresses of one host are rotated
		}
		if left := time.Until(valid); err != nil || strings.Join(got, " ") != tt.want || left < 20*time.Second || left > time.Minute {
			t.Errorf("%s: %v, %v, valid for %v", tt.service, got, err, left)
		}
	}
}

func TestServiceWeights(t *testing.T) {
	hosts := []srvHost{
		{srvRecord: srvRecord{name: "a", priority: 1, weight: 3}, addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}},
		{srvRecord: srvRecord{name: "b", priority: 1, weight: 1}, addrs: []netip.Addr{netip.MustParseAddr("192.0.2.2")}},
		{srvRecord: srvRecord{name: "down", priority: 2, weight: 1}},
	}
	first := map[string]int{}
	for range 4000 {
		targets := appendTargets(nil, hosts)
		if len(targets) != 2 {
			t.Fatal(targets)
		}
		first[targets[0].Name]++
	}
	if first["a"] < 2800 || first["a"] > 3200 {
		t.Errorf("weight 3 of 4 came first %d times of 4000", first["a"])
	}
}

func TestRotation(t *testing.T) {
	s := startServer(t, exampleZone, false)
	r := newResolver(t, nil, s)
	addrs, _, err := r.Resolve(nil, "both.example", Wait{Timeout: time.Minute})
	if err != nil || addrs[0].String() != "192.0.2.1" || addrs[2].String() != "2001:db8::1" {
		t.Fatal("a fresh answer is in the server's order, IPv4 first:", addrs, err)
	}
	first := map[string]int{}
	for range 3000 {
		addrs, _, _ = r.Resolve(addrs[:0], "both.example", Wait{})
		first[addrs[0].String()]++
		if joined(addrs) != "192.0.2.1 192.0.2.2 2001:db8::1" {
			t.Fatal(addrs)
		}
	}
	for a, n := range first {
		if n < 800 || n > 1200 {
			t.Errorf("%s came first %d times of 3000", a, n)
		}
	}
}

func TestCachedDoesNotAllocate(t *testing.T) {
	s := startServer(t, exampleZone, false)
	r := newResolver(t, nil, s)
	buf := make([]netip.Addr, 0, 8)
	w := Wait{Timeout: time.Minute}
	if _, _, err := r.Resolve(buf, "both.example", w); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(200, func() { _, _, _ = r.Resolve(buf, "both.example", w) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
