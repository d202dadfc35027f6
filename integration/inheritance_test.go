package integration

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// A heritage is a row of testdata/inheritance.txt: how it shows what a directive says, wherever that is read.
type heritage struct {
	name         string // of the directive
	spec         conf.Spec
	outer, inner string // two settings of it
	http, where  string // what else the http block and every location have
	named        string // what a named location has in place of all that, "-" for nothing
	since        string // the version of nginx that has it
	asks         []string
	logs         []string // error log lines to compare
	quiet        bool     // an access log shows it, the answers do not
}

// readHeritages reads testdata/inheritance.txt; what it looks like stands there.
func readHeritages(t *testing.T) (list []heritage, unobserved []string) {
	t.Helper()
	data, err := os.ReadFile("testdata/inheritance.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] != '\t' {
			name, reason, ok := strings.Cut(line, ": ")
			if ok && reason != "" {
				unobserved = append(unobserved, strings.Fields(name)...)
			} else {
				list = append(list, heritage{name: line})
			}
			continue
		}
		h := &list[len(list)-1]
		key, value, _ := strings.Cut(line[1:], " ")
		switch value = strings.TrimSpace(value); key {
		case "outer":
			h.outer = value
		case "inner":
			h.inner = value
		case "http":
			h.http += value + "\n"
		case "where":
			h.where += value + " "
		case "named":
			h.named = value
		case "since":
			h.since = value
		case "quiet":
			h.quiet = true
		case "ask":
			h.asks = append(h.asks, value)
		case "log":
			h.logs, h.quiet = append(h.logs, value), true
		default:
			t.Fatalf("testdata/inheritance.txt: %s: no key %q", h.name, key)
		}
	}
	return list, unobserved
}

// heritageFiles are what the requests ask for, in each of the folders that the locations serve.
var heritageFiles = map[string]string{
	"a.html":      "<p>page é</p>\n",
	"b.txt":       "text\n",
	"c.foo":       "foo\n",
	"big.html":    strings.Repeat("<p>page</p>\n", 200),
	"g.txt.gz":    "packed\n",
	"ssi.html":    `<!--#include virtual="/plain/b.txt" --><!--#echo var="arg_none" --><!--#wrong -->|` + "\n",
	"stub.html":   `<!--#include virtual="$arg_v" set="s" --><!--#echo var="s" -->|` + "\n",
	"ssi.txt":     `<!--#echo var="arg_none" default="none" -->` + "\n",
	"list/x":      "x\n",
	"second.html": "second\n",
	"passwords":   "a:{PLAIN}b\n",
}

// heritageReplies are what the application answers there.
var heritageReplies = map[string]string{
	"koi":      "HTTP/1.1 200 OK\nContent-Type: text/html; charset=koi8-r\n\n\xc1\n",
	"redirect": "HTTP/1.1 200 OK\nContent-Length: 2\nLocation: http://to/x\nSet-Cookie: one=1; domain=to; path=/\nX-One: 1\nX-Two: 2\nServer: app\nDate: now\n\nok",
	"accel":    "HTTP/1.1 200 OK\nContent-Type: text/html\nX-Accel-Redirect: /plain/b.txt\nX-Accel-Charset: koi8-r\n\nok",
	"charset":  "HTTP/1.1 200 OK\nContent-Type: text/html\nX-Accel-Charset: koi8-r\n\nok",
	"missing":  "HTTP/1.1 404 Not Found\n\nmissing\n",
	"long":     "HTTP/1.1 200 OK\nX-Long: " + strings.Repeat("x", 600) + "\n\nlong\n",
	"trailers": "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: X-T\n\n2\nok\n0\nX-T: t\n\n",
}

// text is the case that shows how the row's directive is inherited: with its outer setting in the http block, or not.
func (h *heritage) text(inHTTP bool) string {
	var b strings.Builder
	for _, l := range h.logs {
		fmt.Fprintf(&b, "error-log: %s\n", l)
	}
	if p := h.protocol(); p != "" {
		fmt.Fprintf(&b, "protocol: %s\n", p)
	}
	for _, dir := range heritageFolders {
		fmt.Fprintf(&b, "gzip: html/%s/g.txt.gz\n", dir)
		if strings.Contains(h.asks[0], "link") {
			fmt.Fprintf(&b, "link: html/%s/link.html a.html\n", dir)
		}
	}
	fmt.Fprintf(&b, "\n-- nginx.conf --\nerror_log logs/error.log notice;\npid logs/nginx.pid;\nevents { }\nhttp {\ninclude temp-paths.conf;\n"+
		"log_format short '$uri $status'; access_log logs/access-short.log short;\n%s", h.http)
	if inHTTP {
		fmt.Fprintln(&b, h.outer)
	}
	h.server(&b, "none", "", "", "", "")
	h.server(&b, "server", h.inner, "", "", "")
	h.server(&b, "location", "", h.inner, "", "")
	h.server(&b, "nested", h.outer, h.inner, h.outer, "")
	h.server(&b, "branch", "", h.outer, "", h.inner)
	fmt.Fprint(&b, "}\n")
	h.files(&b)
	h.requests(&b, inHTTP)
	return b.String()
}

// protocol is what the applications speak: that of the directive, "" for HTTP.
func (h *heritage) protocol() string {
	for _, p := range []string{"fastcgi", "memcached", "scgi", "uwsgi"} {
		if strings.HasPrefix(h.name, p+"_") {
			return p
		}
	}
	if strings.HasPrefix(h.name, "grpc_") {
		return "h2"
	}
	return ""
}

// h2Reply is a reply of HTTP/1.1 as an application of HTTP/2 has it.
func h2Reply(text string) string {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	fields := []string{":status: " + strings.Fields(lines[0])[1]}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		fields = append(fields, strings.ToLower(name)+": "+value)
	}
	return "headers " + strings.Join(fields, " | ") + "\ndata end " + strings.ReplaceAll(body, "\n", `\n`)
}

// replies are what the application of the row answers. Those of the gateways say the status in a field.
func (h *heritage) replies() map[string]string {
	switch h.protocol() {
	case "":
		return heritageReplies
	case "memcached":
		return map[string]string{"missing": "END\n"}
	}
	replies := map[string]string{}
	if h.protocol() == "h2" {
		for name, text := range heritageReplies {
			replies[name] = h2Reply(text)
		}
		delete(replies, "trailers")
		return replies
	}
	for name, text := range heritageReplies {
		replies[name] = strings.Replace(text, "HTTP/1.1 ", "Status: ", 1)
	}
	if h.protocol() == "fastcgi" {
		replies["stderr"] = "%%STDERR%%PHP Fatal error%%STDOUT%%\nok\n"
	}
	return replies
}

// heritageFolders are those of the locations.
var heritageFolders = []string{"top", "in", "in/deep", "to", "plain"}

// server writes one with a setting of its own, of a location, of the location in that, and of an if; "" for none. A setting that
// may not stand there is left out.
func (h *heritage) server(b *strings.Builder, name, server, in, deep, branch string) {
	allowed := func(c conf.Context, s string) string {
		if h.spec.Contexts&c == 0 {
			return ""
		}
		return s
	}
	fmt.Fprintf(b, "server { listen %%%%ADDR%%%%; server_name %s; %s\n", name, allowed(conf.Server, server))
	fmt.Fprintf(b, "location /in/ { %s %s if ($http_x_if) { set $ignored 1; %s }\n", in, h.where, allowed(conf.LocationIf, branch))
	fmt.Fprintf(b, "location /in/deep/ { %s %s if ($http_x_if) { set $ignored 1; } } }\n", deep, h.where)
	named := in + " " + h.where
	if h.named != "" {
		named = strings.TrimPrefix(h.named, "-")
	}
	fmt.Fprintf(b, "location /to/ { try_files /none @named; }\nlocation @named { %s }\n", named)
	fmt.Fprint(b, "location /plain/ { }\n}\n")
}

// files writes what is asked for: only what is needed, since there are many cases.
func (h *heritage) files(b *strings.Builder) {
	all := h.outer + h.inner + h.where + h.http + strings.Join(h.asks, " ")
	write := func(folder, end string, dirs []string, texts map[string]string) {
		for _, dir := range dirs {
			for _, name := range slices.Sorted(maps.Keys(texts)) {
				if name == "b.txt" || strings.Contains(all, strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), "/x")) {
					fmt.Fprintf(b, "-- %s/%s/%s --\n%s%s", folder, dir, name, texts[name], end)
				}
			}
		}
	}
	write("html", "", heritageFolders, heritageFiles)
	write("upstream", "\n", []string{"in", "in/deep", "to"}, h.replies())
}

// requests writes each request of the row for each location of each server.
func (h *heritage) requests(b *strings.Builder, inHTTP bool) {
	fmt.Fprint(b, "-- requests --\n")
	names := []string{"none", "server", "location", "nested", "branch"}
	if inHTTP {
		names = names[:3]
	}
	for _, name := range names {
		for _, path := range []string{"/top/", "/in/", "/in/deep/", "/in/ ", "/to/"} {
			for _, ask := range h.asks {
				ask = strings.ReplaceAll(ask, "@", strings.TrimSpace(path)) + " | Host: " + name
				if strings.HasSuffix(path, " ") {
					ask += " | X-If: 1"
				}
				fmt.Fprintln(b, ask)
			}
		}
	}
}

// shows tells whether any request has different answers where the directive is set differently.
func shows(found []harness.Finding) bool {
	first := map[string]harness.Transcript{}
	for _, f := range found {
		ask, _, ok := strings.Cut(f.Name, " | Host: ")
		if !ok {
			continue
		}
		if other, seen := first[ask]; seen && !slices.Equal(other, f.Oracle) {
			return true
		}
		first[ask] = f.Oracle
	}
	return false
}

// locationDirectives are the directives of locations that have an effect.
func locationDirectives() map[string]conf.Spec {
	registry, specs := runtime.Registry(), map[string]conf.Spec{}
	all := conf.Reference()
	for i := range all {
		s := all[i]
		status := registry.Support(&all[i])
		if strings.HasPrefix(s.Module, "ngx_http_") && s.Contexts&conf.Location != 0 && (status == conf.Supported || status == conf.Partial) {
			specs[s.Name] = s
		}
	}
	return specs
}

// TestInheritance sets each directive in http, in a server, in a location and in an if, and in several of them, and wants
// both servers to read the same in a nested location, in an if block, in a named location and outside of locations.
func TestInheritance(t *testing.T) {
	list, unobserved := readHeritages(t)
	known, err := harness.ReadDifferences("differences.md")
	if err != nil {
		t.Fatal(err)
	}
	specs := locationDirectives()
	missing := maps.Clone(specs)
	for i := range list {
		spec, ok := specs[list[i].name]
		if list[i].spec = spec; !ok {
			t.Errorf("testdata/inheritance.txt: %s has no effect in a location", list[i].name)
		}
		delete(missing, list[i].name)
	}
	for _, name := range unobserved {
		if _, ok := missing[name]; !ok {
			t.Errorf("testdata/inheritance.txt: %s need not be left out", name)
		}
		delete(missing, name)
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("testdata/inheritance.txt has no %s", name)
	}
	t.Run("all", func(t *testing.T) {
		for i := range list {
			h := &list[i]
			if h.since != "" && !atLeast(lab.OracleVersion, h.since) {
				continue
			}
			for _, inHTTP := range []bool{false, true} {
				if inHTTP && h.spec.Contexts&conf.HTTP == 0 {
					continue
				}
				name := h.name
				if inHTTP {
					name += "-http"
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					c, err := harness.ParseCase("inheritance-"+name, []byte(h.text(inHTTP)))
					if err != nil {
						t.Fatal(err)
					}
					found, err := lab.Run(t.Context(), c)
					if err != nil {
						t.Fatal(err)
					}
					judge(t, c, known, found)
					if !inHTTP && !h.quiet && !shows(found) {
						t.Errorf("the requests do not show what the directive says")
					}
				})
			}
		}
	})
}

// atLeast tells whether a version is not older than another.
func atLeast(version, other string) bool {
	parts := func(v string) (n [3]int) {
		_, _ = fmt.Sscanf(v, "%d.%d.%d", &n[0], &n[1], &n[2]) // both were checked
		return n
	}
	a, b := parts(version), parts(other)
	return slices.Compare(a[:], b[:]) >= 0
}
