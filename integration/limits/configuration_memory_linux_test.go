//go:build !race

// The race detector needs several times the memory of the program for what it watches, and never gives it back: there is
// nothing to be compared with nginx, or with a time before.

package limits

import (
	"fmt"
	"strings"
	"testing"
)

// largeConfigurations are configurations with a lot of one thing.
var largeConfigurations = []struct{ name, http string }{
	{"map", "map_hash_max_size 110000; map_hash_bucket_size 128; map $uri $x { default none;\n" +
		repeated(100_000, func(i int) string { return fmt.Sprintf("/key%07d value%d;\n", i, i) }) +
		"}\nserver { listen %%ADDR%%; return 200 <$x>; }\n"},
	{"geo", "geo $arg_a $x { default none;\n" +
		repeated(200_000, func(i int) string { return fmt.Sprintf("%d.%d.%d.0/24 v%d;\n", 1+i>>16, i>>8&255, i&255, i%1000) }) +
		"}\nserver { listen %%ADDR%%; return 200 <$x>; }\n"},
	{"expressions", "server { listen %%ADDR%%;\n" +
		repeated(10_000, func(i int) string {
			return fmt.Sprintf("location ~ ^/section%d/([a-z]+)/(\\d+)\\.html$ { return 200 <%d>; }\n", i, i)
		}) + "location / { return 200 <x>; }\n" + oneOfEach + "}\n"},
}

// oneOfEach is a location of each module that requests are passed on with. What serves of one is not to keep the tree of the
// configuration in memory.
const oneOfEach = `
location /proxy { proxy_cache_valid 1m; proxy_pass http://127.0.0.1:1; }
location /proxy/variable { resolver 127.0.0.1; proxy_pass http://$arg_a; }
location /fastcgi { fastcgi_param A $uri; fastcgi_pass 127.0.0.1:1; }
location /uwsgi { uwsgi_param A $uri; uwsgi_pass 127.0.0.1:1; }
location /scgi { scgi_param A $uri; scgi_pass 127.0.0.1:1; }
location /grpc { grpc_set_header A $uri; grpc_pass 127.0.0.1:1; }
location /memcached { set $memcached_key $uri; memcached_pass 127.0.0.1:1; }
location /slice { slice 1m; proxy_set_header Range $slice_range; proxy_pass http://127.0.0.1:1; }
location /rest { auth_request /proxy; mirror /proxy; sub_filter a $uri; ssi on; add_header A $uri; secure_link $arg_a; autoindex on; }
`

// TestMemoryOfConfigurations: master and worker take no more memory for a large configuration than nginx's do.
func TestMemoryOfConfigurations(t *testing.T) {
	for _, c := range largeConfigurations {
		t.Run(c.name, func(t *testing.T) {
			// What the program takes without a configuration, nginx 4 MB, is the slack.
			beside(t, setup{own: root, text: mainConf(c.http)}, 14*mb, func(s *site) size {
				s.dial().ask("a")
				return s.settledShared(0)
			})
		})
	}
}

// TestMemoryAfterReloads: twenty reloads of many servers leave no memory behind. How much of the heap's free memory lies on pages
// without anything else, and goes back to the system, differs by a tenth from one reload to the next: one of five has to be
// below the limit. What reloads leave behind, all of them have.
func TestMemoryAfterReloads(t *testing.T) {
	const reloads, last = 20, 5
	s := start(t, tested(), setup{own: root, text: mainConf(servers(2000, "x"))})
	c := s.dial()
	c.ask("a")
	before := s.settledShared(0)
	limit := before + before/5
	var after []size
	for i := range reloads + last - 1 {
		word := fmt.Sprint(i)
		_, conf, _ := strings.Cut(mainConf(servers(2000, word)), "-- nginx.conf --\n")
		s.reload(conf, "<"+word+">")
		c.ask("a")
		if i < reloads-1 {
			continue
		}
		n := s.settledShared(limit)
		if n <= limit {
			return
		}
		after = append(after, n)
	}
	t.Errorf("%v before, %v after each of the last reloads", before, after)
}

// TestMemoryAfterUploads: what hundreds of connections have used for the bodies of requests comes back after their end, also where
// many of them end long after the others. How soon is a matter of package runtime's own tests: a busy machine takes its time.
func TestMemoryAfterUploads(t *testing.T) {
	const clients, body = 500, 200_000
	s := start(t, tested(), setup{own: root, text: mainConf(`
client_body_timeout 10m;
client_body_buffer_size 256k;
client_max_body_size 0;
server { listen %%ADDR%%; location / { client_body_in_single_buffer on; proxy_pass http://%%UPSTREAM%%; } }
`), apps: apps(answers("app"))})
	before := s.settledShared(0)
	for _, apart := range []bool{false, true} {
		all := make([]*client, clients)
		for i := range all {
			all[i] = s.dial()
			all[i].send(fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n", body))
			all[i].stream("x", body-1)
		}
		s.eventually("the clients", func() bool { return s.descriptorsOf("socket:") >= clients })
		most := size(0)
		s.eventually("the memory of the uploads", func() bool { most = s.shared(); return most > before+80*mb })
		if apart {
			hangUp(all[:clients*3/5])
			if rest := before + 60*mb; s.settledShared(rest) > rest {
				t.Errorf("%v before, %v with %d uploads, %v without most of them, of %d sockets", before, most, clients, s.shared(), s.descriptorsOf("socket:"))
			}
		}
		hangUp(all)
		limit := before + 16*mb
		if after := s.settledShared(limit); after > limit {
			t.Errorf("%v before, %v with %d uploads, %v after", before, most, clients, after)
		}
	}
}

// hangUp closes connections. The answers do not matter.
func hangUp(clients []*client) {
	for _, c := range clients {
		_ = c.conn.Close() // it may be closed
	}
}
