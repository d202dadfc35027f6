package conf

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestInheritance: what a block says holds there and in blocks inside, however
// late it says it, and nowhere else.
func TestInheritance(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": `
http {
	send_timeout 10s;
	add_header A a;
	server {
		location /own { send_timeout 20s; add_header B b; add_header C c; }
		location /plain { }
		location /list { add_header D d; }
		keepalive_requests 7;
	}
	root html;
}`})
	if got := l.load(""); got != "" {
		t.Fatal(got)
	}
	for _, c := range []struct {
		block   string
		timeout int64
		level   int
		headers []string
		root    string
	}{
		{"http", 10000, 1, []string{"A"}, "/prefix/html"},
		{"server", 10000, 7, []string{"A"}, "/prefix/html"},
		{"/own", 20000, 7, []string{"B", "C"}, "/prefix/html"},
		{"/plain", 10000, 7, []string{"A"}, "/prefix/html"},
		{"/list", 10000, 7, []string{"D"}, "/prefix/html"},
	} {
		s := l.section.Of(l.blocks[c.block])
		if s.timeout != c.timeout || s.level != c.level || s.root != c.root || !slices.Equal(s.headers.Items, c.headers) {
			t.Errorf("%s: %+v", c.block, s)
		}
	}
	if s := l.section.Of(l.Main); s.timeout != 60000 || s.root != "" || s.headers.Items != nil {
		t.Errorf("the defaults were changed: %+v", s)
	}
}

// TestSharing: a block that mentions nothing of a section has its parent's.
func TestSharing(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": `http { root x; server { location /a { } location /b { etag on; } } }`})
	if got := l.load(""); got != "" {
		t.Fatal(got)
	}
	http, a, b := l.section.Of(l.blocks["http"]), l.section.Of(l.blocks["/a"]), l.section.Of(l.blocks["/b"])
	if http != a {
		t.Error("a location that says nothing has a copy of its own")
	}
	if http == b || !b.on || http.on {
		t.Error("a location that says something writes to its parent")
	}
	if !b.max2.IsSet() || b.max2.SetAt(l.blocks["/b"]) || !b.max2.SetAt(l.blocks["http"]) {
		t.Error("a slot does not know the block that set it")
	}
}

func TestFinish(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": "http {\n server {\n  root /x;\n  location /a { }\n  location /b { root /bad; }\n }\n}\nevents {}"})
	var order []string
	l.section.Finish(l.Module("test"), func(b *Block, c *settings) error {
		order = append(order, b.Context.String()+" "+c.root)
		if c.root == "/bad" {
			return errors.New("bad root")
		}
		return nil
	})
	if got := l.load(""); got != "bad root in /nginx.conf:7" {
		t.Error(got)
	}
	if want := []string{"main ", "server /x", "location /bad"}; !slices.Equal(order, want) {
		t.Errorf("finished %q", order)
	}
}

func TestOwnIsNotInherited(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": "http { server { } }"})
	if got := l.load(""); got != "" {
		t.Fatal(got)
	}
	http, server := l.blocks["http"], l.blocks["server"]
	*l.notes.Write(http) = "mine"
	if got := l.notes.Of(server); got != nil {
		t.Errorf("inherited %q", *got)
	}
	if got := *l.notes.Write(http); got != "mine" {
		t.Errorf("got %q", got)
	}
	if server.Enclosing(HTTP) != http || server.Enclosing(Location) != nil || !server.In(Server|Location) {
		t.Error("a server does not know where it stands")
	}
}

func TestTableValues(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": `http {
		etag on; max_ranges 3; client_max_body_size 2g; send_timeout 1m; default_type "a b";
		large_client_header_buffers 4 16k; lingering_close Always; keepalive_disable msie6 SAFARI; resolver a b;
		server { resolver c; }
	}`})
	if got := l.load(""); got != "" {
		t.Fatal(got)
	}
	got := *l.section.Of(l.blocks["http"])
	if !got.on || got.level != 3 || got.max != 2<<30 || got.timeout != 60000 || got.root != "a b" ||
		got.bufs != (Buffers{4, 16384}) || got.linger != 2 || got.disable.V != 6 || strings.Join(got.index.Items, " ") != "a b" {
		t.Errorf("%+v", got)
	}
	if in := l.section.Of(l.blocks["server"]).index.Items; !slices.Equal(in, []string{"c"}) {
		t.Errorf("in the server: %q", in)
	}
}
