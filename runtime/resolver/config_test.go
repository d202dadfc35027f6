package resolver

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	lookup := func(host string) ([]netip.Addr, error) {
		if host == "ns.example" {
			return []netip.Addr{netip.MustParseAddr("192.0.2.53"), netip.MustParseAddr("2001:db8::53")}, nil
		}
		return nil, errors.New("no such host")
	}
	tests := []struct {
		args string
		want string // servers, valid, ipv4, ipv6, zone
		err  string
	}{
		{"127.0.0.010", "[127.0.0.10:53] 0s true true ", ""},
		{"127.0.0.1", "[127.0.0.1:53] 0s true true ", ""},
		{"127.0.0.1:5353 [::1] [::1]:54", "[127.0.0.1:5353 [::1]:53 [::1]:54] 0s true true ", ""},
		{"ns.example:5353", "[192.0.2.53:5353 [2001:db8::53]:5353] 0s true true ", ""},
		{"127.0.0.1 valid=1h30m ipv6=off status_zone=dns", "[127.0.0.1:53] 1h30m0s true false dns", ""},
		{"127.0.0.1 valid=10 ipv4=off ipv6=on", "[127.0.0.1:53] 10s false true ", ""},
		{"127.0.0.1 valid=0", "[127.0.0.1:53] 0s true true ", ""},
		{"127.0.0.1:0", "", `invalid port in resolver "127.0.0.1:0"`},
		{"127.0.0.1:x", "", `invalid port in resolver "127.0.0.1:x"`},
		{"127.0.0.1:70000", "", `invalid port in resolver "127.0.0.1:70000"`},
		{"127.0.0.1:", "", `invalid port in resolver "127.0.0.1:"`},
		{"[::1]:", "", `invalid port in resolver "[::1]:"`},
		{"[::1", "", `invalid host in resolver "[::1"`},
		{"[::1]x", "", `invalid host in resolver "[::1]x"`},
		{"[]", "", `no host in resolver "[]"`},
		{"[zz]", "", `invalid IPv6 address in resolver "[zz]"`},
		{"[127.0.0.1]", "", `invalid IPv6 address in resolver "[127.0.0.1]"`},
		{"127.0.0.1/x", "", `invalid host in resolver "127.0.0.1/x"`},
		{":53", "", `no host in resolver ":53"`},
		{"other.example", "", `host not found in resolver "other.example"`},
		{"unix:/x", "", `unix domain sockets are not supported in resolver "unix:/x"`},
		{"127.0.0.1 valid=x", "", "invalid parameter: valid=x"},
		{"127.0.0.1 valid=", "", "invalid parameter: valid="},
		{"127.0.0.1 valid=10ms", "", "invalid parameter: valid=10ms"},
		{"127.0.0.1 valid=1m1h", "", "invalid parameter: valid=1m1h"},
		{"127.0.0.1 ipv4=x", "", "invalid parameter: ipv4=x"},
		{"127.0.0.1 ipv6=", "", "invalid parameter: ipv6="},
		{"127.0.0.1 ipv4=off ipv6=off", "", `"ipv4" and "ipv6" cannot both be "off"`},
		{"valid=10s", "", "no name servers defined"},
		{"", "[] 0s true true ", ""},
	}
	for _, tt := range tests {
		c, err := Parse(strings.Fields(tt.args), lookup)
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%q: %v, want %s", tt.args, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tt.args, err)
			continue
		}
		if got := fmt.Sprint(c.Servers, c.Valid, c.IPv4, c.IPv6, " ", c.StatusZone); strings.Join(strings.Fields(got), " ") != strings.TrimSpace(tt.want) {
			t.Errorf("%q: %s, want %s", tt.args, got, tt.want)
		}
	}
}

func TestParseTimeBounds(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"1y": 365 * 24 * time.Hour, "1M": 30 * 24 * time.Hour, "1w 2d": 9 * 24 * time.Hour, "1d12h30m15s": 36*time.Hour + 30*time.Minute + 15*time.Second,
	} {
		if got, err := parseTime("", value); err != nil || got != want {
			t.Errorf("%s: %v, %v", value, got, err)
		}
	}
	for _, value := range []string{"99y", "9999999999", "-1", "1s1s", "s", "1 1"} {
		if got, err := parseTime("", value); err == nil {
			t.Errorf("%s: %v", value, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"127.0.0.1:53", "[::1]:54 valid=1h", "ipv4=off", "[", ":", "valid=1m1s"} {
		f.Add(s)
	}
	none := func(string) ([]netip.Addr, error) { return nil, errors.New("none") }
	f.Fuzz(func(t *testing.T, args string) {
		c, err := Parse(strings.Fields(args), none)
		if err == nil && (c.Valid < 0 || !c.IPv4 && !c.IPv6) {
			t.Fatalf("%+v", c)
		}
	})
}
