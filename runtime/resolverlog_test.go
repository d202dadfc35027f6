package runtime_test

import (
	"fmt"
	"net"
	"path/filepath"
	"testing"
)

// TestResolverLog: what a name server does wrong is in the error log, wherever resolver stands.
func TestResolverLog(t *testing.T) {
	dns, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dns.Close() })
	go func() {
		b := make([]byte, 512)
		for {
			n, addr, err := dns.ReadFrom(b)
			if err != nil {
				return
			}
			b[1]++               // another identifier
			b[2], b[3] = 0x81, 0 // a response without records
			_, _ = dns.WriteTo(b[:n], addr)
		}
	}()
	resolver := fmt.Sprintf("resolver %s ipv6=off; resolver_timeout 100ms;", dns.LocalAddr())
	const proxy = `location / { set $name %s.test; proxy_pass http://$name; }`
	dir, port := debugServer(t, `error_log logs/error.log; events {} pid logs/pid;
		http { access_log off; `+resolver+`
			upstream block { zone block 64k; `+resolver+` server block.test resolve; }
			server { listen unix:%[1]s; `+fmt.Sprintf(proxy, "http")+` }
			server { listen 127.0.0.1:%[2]d; `+fmt.Sprintf("location / { "+resolver+` set $name %s.test; proxy_pass http://$name; }`, "location")+` }
		}`)
	ask(t, "unix", filepath.Join(dir, "s"), "GET / HTTP/1.0\r\n\r\n")
	ask(t, "tcp", fmt.Sprint("127.0.0.1:", port), "GET / HTTP/1.0\r\n\r\n")
	for _, name := range []string{"http", "location", "block"} {
		awaitLog(t, filepath.Join(dir, "logs", "error.log"), " in DNS response for "+name+".test, expect ")
	}
}
