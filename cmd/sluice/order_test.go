package main

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestFirstComeFirstServed: connections that were waiting at once are served in the order in which they came, as limit_conn
// and those who wait longest want it. The server is halted while they come.
func TestFirstComeFirstServed(t *testing.T) {
	in := newInstance(t, `worker_processes 1; master_process off; daemon off;
		events { }
		http {
			log_format order "$arg_n";
			server { listen 127.0.0.1:PORT; access_log logs/order.log order; return 200 ok; }
		}`)
	pid, _ := in.start()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	const clients = 8
	var want []string
	conns := make([]net.Conn, clients)
	for i := range conns {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", in.port))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns[i] = c
		name := fmt.Sprintf("client%d", i)
		want = append(want, name)
		if _, err := fmt.Fprintf(c, "GET /?n=%s HTTP/1.0\r\n\r\n", name); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	for _, c := range conns {
		if _, err := io.ReadAll(c); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	in.eventually("all lines", func() bool {
		got = strings.Fields(in.read("logs/order.log"))
		got = slices.DeleteFunc(got, func(n string) bool { return n == "-" })
		return len(got) == clients
	})
	for i, name := range got {
		// Lines of two requests that end together may change places.
		if turn := slices.Index(want, name); turn < i-1 || turn > i+1 {
			t.Errorf("served in the order %q", got)
			break
		}
	}
}
