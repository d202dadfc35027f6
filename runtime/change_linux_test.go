package runtime

import (
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/netio"
)

// served is a configuration that answers with a word on a unix socket in the prefix; more goes before the http block and
// into it.
func served(o Options, word, before, in string) string {
	return "error_log " + o.Prefix + "error.log;\n" + before + "\nevents {}\nhttp { access_log " + o.Prefix + "access.log; " + in +
		" server { listen unix:" + o.Prefix + "s; return 200 " + word + "; } }\n"
}

func rewrite(t *testing.T, o Options, text string) {
	t.Helper()
	if err := os.WriteFile(o.ConfPath, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// answer is the last line of what a server says.
func answer(t *testing.T, socket string) string {
	t.Helper()
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[strings.LastIndexByte(string(b), '\n')+1:])
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestChangeIsUndone: whichever step of a reload fails, the configuration before goes on, nothing stays open, and the next
// reload takes effect.
func TestChangeIsUndone(t *testing.T) {
	o := write(t, "")
	rewrite(t, o, served(o, "first", "", ""))
	s, err := NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Quit)
	netio.Yield() // opens a descriptor of the process, once
	socket := o.Prefix + "s"
	other := "server { listen unix:" + o.Prefix + "other; } "
	zones := "limit_req_zone $uri zone=z:64k rate=1r/s; upstream u { server 127.0.0.1:1; keepalive 2; } "
	for _, tc := range []struct{ name, before, in string }{
		{"load", "foo on;", zones},
		{"load, at the end of http", "", zones + "limit_req zone=none;"},
		{"check", "", zones + other + "variables_hash_max_size 0;"},
		{"log file", "", zones + other + "server { access_log " + o.Prefix + "none/access.log; }"},
		{"folder", "", zones + other + "client_body_temp_path " + o.Prefix + "none/body;"},
		{"socket", "", zones + other + "open_file_cache max=10; server { listen unix:" + o.Prefix + "none/s; }"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := descriptors(t)
			rewrite(t, o, served(o, "second", tc.before, tc.in))
			if tc.name == "check" {
				rewrite(t, o, strings.Replace(served(o, "second", "", zones+other), "events {}", "events { worker_connections 1; }", 1))
			}
			if err := s.Reload(); err == nil {
				t.Fatal("reloaded")
			}
			if n := descriptors(t); n > before {
				t.Errorf("%d descriptors, before %d", n, before)
			}
			if got := answer(t, socket); got != "first" {
				t.Errorf("answers %q", got)
			}
			if _, err := os.Stat(o.Prefix + "other"); err == nil {
				t.Error("the file of a socket is left")
			}
		})
	}
	rewrite(t, o, served(o, "third", "", zones+other))
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := answer(t, socket); got != "third" {
		t.Errorf("answers %q", got)
	}
}

// TestOrderOfUndo: what an owner adds between the steps is undone in the opposite order, once, and not after Commit.
func TestOrderOfUndo(t *testing.T) {
	var did []string
	note := func(text string) func() { return func() { did = append(did, text) } }
	opened := func() *Change {
		did = nil
		o := write(t, "")
		rewrite(t, o, served(o, "word", "", ""))
		c := newHost().Load(o, nil)
		if err := c.Report(nil, nil); err != nil {
			t.Fatal(err)
		}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		c.OnUndo(func() {
			if _, err := os.Stat(o.Prefix + "s"); err == nil {
				t.Error("the socket is still there when what came before it is undone")
			}
			note("before")()
		})
		if err := c.Open(nil); err != nil {
			t.Fatal(err)
		}
		c.OnUndo(note("behind"))
		c.OnCommit(note("commit"))
		return c
	}

	c := opened()
	c.Undo()
	c.Undo()
	if want := []string{"behind", "before"}; !slices.Equal(did, want) {
		t.Errorf("undone: %v, want %v", did, want)
	}

	c = opened()
	c.Commit()
	sockets := c.Opened()
	c.Undo()
	if want := []string{"commit"}; !slices.Equal(did, want) {
		t.Errorf("committed: %v, want %v", did, want)
	}
	for _, ln := range sockets {
		_ = ln.Close()
	}
	c.Config.retire()
	c.Config.resources.Drop()
}
