package conf

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// settings are those of a module for the tests, bound to directives of nginx's.
type settings struct {
	on      bool
	level   int
	max     int64
	timeout int64
	root    string
	bufs    Buffers
	linger  int
	disable Slot[int]
	headers List[string]
	index   List[string]
	max2    Slot[string]
}

// lab is a loader with such a module, and the blocks it has seen.
type lab struct {
	*Loader
	dir     string
	section *Section[settings]
	notes   *Own[string]
	blocks  map[string]*Block // by their first argument, or their name
}

func newLab(t *testing.T, files map[string]string) *lab {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l := &lab{Loader: NewLoader(dir+"/nginx.conf", "/prefix/"), dir: dir, blocks: map[string]*Block{}}
	core := l.Module("ngx_http_core_module")
	for name, kind := range map[string]Context{"http": HTTP, "server": Server, "location": Location} {
		core.Block(name, func(c *Cmd) error {
			b := c.Block.Child(kind, c.Node)
			l.blocks[name] = b
			if len(c.Args) > 0 {
				l.blocks[c.Arg(0)] = b
			}
			c.Enter(b)
			return nil
		})
	}
	l.notes = NewOwn[string](core)
	l.section = NewSection(core, settings{level: 1, timeout: 60000}, bindCore)
	gzip := l.Module("ngx_http_gzip_module")
	NewSection(gzip, settings{}, func(c *settings, t *Table) { t.Flag("gzip", &c.on) })
	headers := l.Module("ngx_http_headers_module")
	headers.Directive("add_header", func(c *Cmd) error {
		l.section.Write(c.Block).headers.Add(c.Block, c.Arg(0))
		return nil
	})
	l.Opaque("split_clients")
	for _, table := range []string{"server_names", "types"} {
		core.HashHints(table)
	}
	l.Module("ngx_http_map_module").HashHints("map")
	l.Refuse("stream", Main, Stream)
	l.Refuse("server", Stream, StreamServer)
	l.Refuse("upstream", Stream, StreamUpstream)
	l.ChecksAfter("http")
	l.Complete()
	return l
}

func bindCore(c *settings, t *Table) {
	t.Int("keepalive_requests", &c.level, 1, 100)
	t.Num("max_ranges", &c.level)
	t.Offset("client_max_body_size", &c.max)
	t.Size("client_body_buffer_size", &c.max)
	t.Msec("send_timeout", &c.timeout)
	t.Sec("open_file_cache_valid", &c.timeout)
	t.Str("default_type", &c.root)
	t.Bufs("large_client_header_buffers", &c.bufs)
	t.Enum("lingering_close", &c.linger, []Choice{{"off", 0}, {"on", 1}, {"always", 2}})
	t.Bitmask("keepalive_disable", &c.disable, []Choice{{"none", 1}, {"msie6", 2}, {"safari", 4}})
	t.Strs("resolver", &c.index)
	t.Func("root", func(cmd *Cmd) error {
		c.root = cmd.Loader.FullPath(cmd.Arg(0))
		c.max2.Set(cmd.Block, c.root)
		return nil
	})
	t.Flag("etag", &c.on)
}

// load loads the main file and returns the error without the folder's name.
func (l *lab) load(param string) string {
	err := l.Load(param)
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), l.dir, "")
}

// TestMessages holds the order of nginx's checks and its wording.
func TestMessages(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing wrong":              {"http { server { } }", ""},
		"unknown":                    {"\nfoo;", `unknown directive "foo" in /nginx.conf:2`},
		"unknown with braces":        {"foo x {\n}", `unknown directive "foo" in /nginx.conf:1`},
		"wrong block":                {"root /x;", `"root" directive is not allowed here in /nginx.conf:1`},
		"wrong block first":          {"root;", `"root" directive is not allowed here in /nginx.conf:1`},
		"no braces":                  {"http;", `directive "http" has no opening "{" in /nginx.conf:1`},
		"braces":                     {"http { root /x { } }", `directive "root" is not terminated by ";" in /nginx.conf:1`},
		"too few":                    {"http { root; }", `invalid number of arguments in "root" directive in /nginx.conf:1`},
		"too many":                   {"http {\n root /a\n /b;\n}", `invalid number of arguments in "root" directive in /nginx.conf:3`},
		"twice":                      {"http { etag on; etag on; }", `"etag" directive is duplicate in /nginx.conf:1`},
		"twice, apart":               {"http { etag on; server { etag on; } }", ""},
		"known":                      {"http { xslt_types a; }", `"xslt_types" is known to nginx but not supported here in /nginx.conf:1`},
		"hint":                       {"http { server_names_hash_max_size 512; }", ""},
		"bad hint":                   {"http { server_names_hash_max_size x; }", `"server_names_hash_max_size" directive invalid number in /nginx.conf:1`},
		"flag":                       {"http { etag yes; }", `invalid value "yes" in "etag" directive, it must be "on" or "off" in /nginx.conf:1`},
		"flag in capitals":           {"http { etag ON; }", ""},
		"number":                     {"http { keepalive_requests x; }", `"keepalive_requests" directive invalid number in /nginx.conf:1`},
		"range":                      {"http { keepalive_requests 0; }", `value must be between 1 and 100 in /nginx.conf:1`},
		"free number":                {"http { max_ranges 0; }", ""},
		"size":                       {"http { client_body_buffer_size 1g; }", `"client_body_buffer_size" directive invalid value in /nginx.conf:1`},
		"offset":                     {"http { client_max_body_size 1g; }", ""},
		"time":                       {"http { send_timeout 1y; }", `"send_timeout" directive invalid value in /nginx.conf:1`},
		"seconds":                    {"http { open_file_cache_valid 1y; }", ""},
		"buffers":                    {"http { large_client_header_buffers 0 1k; }", `"large_client_header_buffers" directive invalid value in /nginx.conf:1`},
		"enum":                       {"http { lingering_close maybe; }", `invalid value "maybe" in /nginx.conf:1`},
		"bitmask":                    {"http { keepalive_disable msie6 opera; }", `invalid value "opera" in /nginx.conf:1`},
		"syntax":                     {"http {\n root /x\n}", `unexpected "}" in /nginx.conf:3`},
		"syntax behind":              {"foo;\nhttp {", `unknown directive "foo" in /nginx.conf:1`},
		"syntax before":              {"http { } }\nfoo;", `unexpected "}" in /nginx.conf:1`},
		"the first in reading order": {"http {\n server {\n  foo;\n }\n root;\n}", `unknown directive "foo" in /nginx.conf:3`},
		"not there":                  {"include no.conf;", `open() "/no.conf" failed (2: No such file or directory) in /nginx.conf:1`},
		"no match":                   {"include no*.conf;", ""},
		"a folder":                   {"http {\n include sub;\n}", `pread() "/sub" failed (21: Is a directory)`},
		"in a file":                  {"http { include sub/bad.conf; }", `unknown directive "bar" in /sub/bad.conf:2`},
		"of a file":                  {"include sub/bad.conf sub/bad.conf;", `invalid number of arguments in "include" directive in /nginx.conf:1`},
		"endless":                    {"include nginx.conf; include nginx.conf;", `open() "/nginx.conf" failed (24: Too many open files) in /nginx.conf:1`},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, map[string]string{"nginx.conf": c.text, "sub/bad.conf": "root /x;\nbar;"})
			if got := l.load(""); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestParam(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": "http {}"})
	if got := l.load("daemon_ on;"); got != `unknown directive "daemon_" in command line` {
		t.Error(got)
	}
	l = newLab(t, nil)
	if got := l.load("foo;"); got != `open() "/nginx.conf" failed (2: No such file or directory)` {
		t.Error(got)
	}
}

func TestSeverity(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": "include sub;", "sub/x": ""})
	var e *Error
	if err := l.Load(""); !errors.As(err, &e) || e.Severity != Crit {
		t.Errorf("%v", err)
	}
}

func TestProblemsComeInReadingOrder(t *testing.T) {
	l := newLab(t, map[string]string{
		"nginx.conf": "http {\n keepalive_disable none none;\n server { foo; }\n bar;\n keepalive_disable safari safari;\n}",
	})
	_ = l.Load("")
	var got []string
	for _, p := range l.Problems() {
		text, _, _ := strings.Cut(p.Text, " in ")
		got = append(got, string(p.Severity)+" "+text)
	}
	want := []string{
		`warn duplicate value "none"`, `emerg unknown directive "foo"`, `emerg unknown directive "bar"`,
		`warn duplicate value "safari"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if w := l.Warnings(); len(w) != 1 {
		t.Errorf("warnings before the first error: %q", w)
	}
}

func TestFilesInTheOrderOfOpening(t *testing.T) {
	l := newLab(t, map[string]string{
		"nginx.conf": "http { include sub/*.conf; include sub/a.conf; }", "sub/b.conf": "", "sub/a.conf": "",
	})
	if got := l.load(""); got != "" {
		t.Fatal(got)
	}
	var got []string
	for _, f := range l.Files {
		got = append(got, strings.TrimPrefix(f.Path, l.dir))
	}
	if want := []string{"/nginx.conf", "/sub/a.conf", "/sub/b.conf"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestIncludeIsNoStatementWhereABlockReadsByItself(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": "http { split_clients a $b { include no.conf; } }"})
	if got := l.load(""); strings.Contains(got, "open()") {
		t.Error(got)
	}
}

func TestPaths(t *testing.T) {
	l := NewLoader("/etc/nginx/nginx.conf", "/usr/share/nginx/")
	for _, c := range []struct{ got, want string }{
		{l.FullPath("logs/x"), "/usr/share/nginx/logs/x"},
		{l.FullPath("/x"), "/x"},
		{l.ConfFile("cert.pem"), "/etc/nginx/cert.pem"},
		{l.ConfFile("/cert.pem"), "/cert.pem"},
		{NewLoader("a/../b.conf", "a/").ConfFile("c"), "a/../c"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	l.Folder(l.FullPath("temp"))
	l.Folder("/usr/share/nginx/temp")
	l.Folder("/var/cache")
	if got := l.Folders(); !slices.Equal(got, []string{"/usr/share/nginx/temp", "/var/cache"}) {
		t.Errorf("folders %q", got)
	}
}

func TestEnds(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": "http { }\n\n"})
	l.AtEnd(func() error { return plain("first") })
	l.AtEnd(func() error { t.Error("went on after an error"); return nil })
	if got := l.load(""); got != "first" {
		t.Error(got)
	}
	l = newLab(t, map[string]string{"nginx.conf": "foo;"})
	l.AtEnd(func() error { t.Error("ran in spite of an error"); return nil })
	_ = l.load("")
}

func TestCollisions(t *testing.T) {
	l := newLab(t, nil)
	if got := l.Collisions(); len(got) != 0 {
		t.Errorf("%q", got)
	}
	l.Module("ngx_http_core_module").Directive("root", func(*Cmd) error { return nil })
	if got := l.Collisions(); len(got) != 1 || !strings.HasPrefix(got[0], "root (") {
		t.Errorf("%q", got)
	}
}

func TestUnlisted(t *testing.T) {
	l := newLab(t, nil)
	if got := l.Unlisted(); len(got) != 0 {
		t.Errorf("%q", got)
	}
	l.Module("ngx_http_core_module").Directive("gzip", func(*Cmd) error { return nil })
	if got := l.Unlisted(); !slices.Equal(got, []string{"gzip (ngx_http_core_module)"}) {
		t.Errorf("%q", got)
	}
}

func TestWrongDefaults(t *testing.T) {
	l := NewLoader("/nginx.conf", "/")
	type sizes struct {
		right, wrong int64
		bufs         Buffers
		free         string
		any          bool
	}
	NewSection(l.Module("ngx_http_core_module"), sizes{right: 1 << 20, wrong: 1, bufs: Buffers{4, 8192}}, func(c *sizes, t *Table) {
		t.Offset("client_max_body_size", &c.right)
		t.Msec("send_timeout", &c.wrong)
		t.Bufs("large_client_header_buffers", &c.bufs)
		t.Func("root", func(cmd *Cmd) error { c.free = cmd.Arg(0); return nil })
	})
	NewSection(l.Module("ngx_http_gzip_module"), sizes{bufs: Buffers{16, 8192}}, func(c *sizes, t *Table) {
		t.Flag("gzip", &c.any)
		t.Bufs("gzip_buffers", &c.bufs)
	})
	if got := l.WrongDefaults(); !slices.Equal(got, []string{"send_timeout 60s (ngx_http_core_module)"}) {
		t.Errorf("%q", got)
	}
}

func TestPartial(t *testing.T) {
	l := newLab(t, nil)
	m := l.Module("ngx_http_xslt_module")
	m.Directive("xslt_types", CheckNothing)
	m.Partial("only on Sundays", "xslt_types", "root")
	spec := Find("xslt_types", m.Name)
	if got, why := l.Support(spec), l.Why(spec); got != Partial || why != "only on Sundays" {
		t.Errorf("%d, %q", got, why)
	}
	if got := l.Support(Find("root", "ngx_http_core_module")); got != Supported {
		t.Errorf("another module's directive became %d", got)
	}
}

func TestSupport(t *testing.T) {
	l := newLab(t, nil)
	for _, c := range []struct {
		name, module string
		want         Status
	}{
		{"root", "ngx_http_core_module", Supported},
		{"server_names_hash_max_size", "ngx_http_core_module", Hint},
		{"xslt_types", "ngx_http_xslt_module", Unsupported},
		{"include", "ngx_core_module", Supported},
		{"include", "ngx_http_core_module", Unsupported}, // of types, which this set of modules lacks
		{"hostnames", "ngx_http_map_module", Unsupported},
	} {
		if got := l.Support(Find(c.name, c.module)); got != c.want {
			t.Errorf("%s: %d", c.name, got)
		}
	}
}

func TestAnnounce(t *testing.T) {
	l := newLab(t, map[string]string{"nginx.conf": "http { brotli on; }"})
	var got string
	m := l.Module("sluice_brotli")
	m.Announce(Spec{Name: "brotli", Contexts: HTTP, Min: 1, Max: 1})
	m.Directive("brotli", func(c *Cmd) error {
		got = c.Arg(0)
		return nil
	})
	if err := l.load(""); err != "" || got != "on" {
		t.Errorf("%s %q", err, got)
	}
}
