package upstream

import (
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// choices is one group of testdata/nginx-choices.txt.
type choices struct {
	name, method string
	servers      []Server
	dead         map[string]bool // names of servers
	order        []string        // of requests that follow one another
	keys         [][2]string     // key and choice
}

// readChoices reads testdata/nginx-choices.txt.
func readChoices(t *testing.T) (list []*choices) {
	t.Helper()
	text, err := os.ReadFile("testdata/nginx-choices.txt")
	if err != nil {
		t.Fatal(err)
	}
	var c *choices
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		words := strings.Fields(line)
		switch {
		case line[0] == '#':
		case line[0] != '\t':
			c = &choices{name: line, dead: map[string]bool{}}
			list = append(list, c)
		case c.method == "":
			c.method = line[1:]
		case words[0] == "server":
			c.addServer(t, words[1:])
		case words[0] == "=":
			c.order = words[1:]
		default:
			for _, w := range words {
				key, choice, _ := strings.Cut(w, "=")
				c.keys = append(c.keys, [2]string{key, choice})
			}
		}
	}
	return list
}

func (c *choices) addServer(t *testing.T, words []string) {
	t.Helper()
	addr, err := netaddr.ParseAddr(words[0])
	if err != nil {
		t.Fatal(err)
	}
	s := Server{Name: words[0], Addrs: []netaddr.Addr{addr}, MaxFails: 1, FailTimeout: 3600}
	for _, w := range words[1:] {
		name, value, _ := strings.Cut(w, "=")
		n, _ := strconv.Atoi(value)
		switch name {
		case "weight":
			s.Weight = n
		case "max_fails":
			s.MaxFails = n
		case "down":
			s.Down = true
		case "backup":
			s.Backup = true
		case "dead":
			c.dead[s.Name] = true
		}
	}
	c.servers = append(c.servers, s)
}

// ask makes one request and returns the peers that it asks.
func (c *choices) ask(g *Group, key []byte) string {
	var choice Choice
	choice.Key = key
	g.Begin(&choice)
	asked := ""
	for p := choice.Next(); p != nil; p = choice.Next() {
		for i := range c.servers {
			if c.servers[i].Name == p.Server {
				asked += string(rune('a' + i))
			}
		}
		if !c.dead[p.Server] {
			choice.Report = Report{Status: 204}
			choice.Free(Worked)
			return asked
		}
		choice.Free(Failed)
	}
	return asked + "-"
}

// TestChoicesOfNginx compares the peers that requests are passed to with those that nginx chooses.
func TestChoicesOfNginx(t *testing.T) {
	methods := map[string]Balancer{
		"round_robin": RoundRobin{}, "least_conn": LeastConn{}, "least_time header": &LeastTime{}, "hash KEY": Hash{},
		"hash KEY consistent": Ketama{}, "ip_hash": IPHash{},
	}
	for _, c := range readChoices(t) {
		m := methods[c.method]
		g := NewGroup("u", c.servers, m)
		for i, want := range c.order {
			if got := c.ask(g, nil); got != want {
				t.Errorf("%s: request %d goes to %s, with nginx to %s", c.name, i, got, want)
				break
			}
		}
		wrong := 0
		for _, k := range c.keys {
			key := []byte(k[0])
			if c.method == "ip_hash" {
				ip := netip.MustParseAddr(k[0])
				if key = ip.AsSlice(); ip.Is4() {
					key = key[:3]
				}
			}
			if got := c.ask(g, key); got != k[1] {
				t.Errorf("%s: key %s goes to %s, with nginx to %s", c.name, k[0], got, k[1])
				if wrong++; wrong > 5 {
					break
				}
			}
		}
		if len(c.order)+len(c.keys) == 0 {
			t.Errorf("%s: no choices", c.name)
		}
	}
}
