package docs

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// message is a row of messages.tsv.
type message struct{ format, level, module string }

// readMessages returns what nginx's configuration can be refused with or warned about, of the modules that l has.
func readMessages(t *testing.T, l *conf.Loader) (list []message) {
	t.Helper()
	data, err := os.ReadFile("../runtime/conf/reference/messages.tsv")
	if err != nil {
		t.Fatal(err)
	}
	present := map[string]bool{}
	for _, s := range l.Specs() {
		present[s.Module] = present[s.Module] || l.Support(s) == conf.Supported
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, "\t")
		if f[1] != "info" && f[1] != "notice" && present[f[4]] {
			list = append(list, message{f[0], f[1], f[4]})
		}
	}
	return list
}

// verb is a place in a text where something else is put in, in nginx's formats and in Go's.
const verb = "\x00"

var (
	nginxVerb = regexp.MustCompile(`%(\*s|[0-9]*u?[VsidzcpvxXOTAL]|u[izd])`)
	goVerb    = regexp.MustCompile(`%[-+#0-9.]*[svdcxXtTp]`)
)

// textsOf are the texts in the program's sources that may be messages: literals, and what + puts together of them.
func textsOf(t *testing.T) (texts []string) {
	t.Helper()
	seen := map[string]bool{}
	add := func(s string) {
		s, _, _ = strings.Cut(s, " (SSL: ") // what OpenSSL adds
		s = goVerb.ReplaceAllString(strings.ReplaceAll(s, "%q", `"%s"`), verb)
		if strings.Trim(s, verb+" ") != "" && !seen[s] {
			seen[s] = true
			texts = append(texts, s)
		}
	}
	for _, root := range []string{"../cmd", "../parser", "../runtime"} {
		err := filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				return err
			}
			names := constants(file)
			ast.Inspect(file, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok {
					if s, ok := textOf(e, names); ok {
						add(s)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

// constants are the texts that a file gives names to.
func constants(file *ast.File) map[string]string {
	names := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
			for i, name := range spec.Names {
				if s, ok := textOf(spec.Values[i], names); ok {
					names[name.Name] = s
				}
			}
		}
		if set, ok := n.(*ast.AssignStmt); ok && set.Tok == token.DEFINE && len(set.Lhs) == 1 && len(set.Rhs) == 1 {
			if name, ok := set.Lhs[0].(*ast.Ident); ok {
				if s, ok := textOf(set.Rhs[0], names); ok {
					names[name.Name] = s
				}
			}
		}
		return true
	})
	return names
}

// textOf is the text of an expression; what is neither a literal nor one of names in a sum of texts is a verb.
func textOf(e ast.Expr, names map[string]string) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			return s, err == nil
		}
	case *ast.Ident:
		text, ok = names[e.Name]
		return text, ok
	case *ast.ParenExpr:
		return textOf(e.X, names)
	case *ast.BinaryExpr:
		left, leftOK := textOf(e.X, names)
		right, rightOK := textOf(e.Y, names)
		if e.Op != token.ADD || !leftOK && !rightOK {
			return "", false
		}
		if !leftOK {
			left = "%s"
		}
		if !rightOK {
			right = "%s"
		}
		return left + right, true
	}
	return "", false
}

// fits reports whether there is a text that both patterns describe, nginx's and ours. Where ours puts something in, that is
// a word or a name, not a part of a sentence.
func fits(a, b string) bool {
	type place struct{ i, j int }
	seen := map[place]bool{}
	var try func(i, j int) bool
	try = func(i, j int) bool {
		at := place{i, j}
		if seen[at] {
			return false
		}
		seen[at] = true
		switch {
		case i == len(a) && j == len(b):
			return true
		case i < len(a) && a[i] == verb[0]:
			return try(i+1, j) || j < len(b) && try(i, j+1)
		case j < len(b) && b[j] == verb[0]:
			return try(i, j+1) || i < len(a) && a[i] != ' ' && try(i+1, j)
		case i < len(a) && j < len(b) && a[i] == b[j]:
			return try(i+1, j+1)
		}
		return false
	}
	return try(0, 0)
}

// has reports whether one of the program's texts says what a format of nginx says.
func has(texts []string, format string) bool {
	pattern := nginxVerb.ReplaceAllString(strings.ReplaceAll(format, "%%", "\x01"), verb)
	pattern = strings.ReplaceAll(pattern, "\x01", "%")
	weight := len(strings.ReplaceAll(pattern, verb, ""))
	return slices.ContainsFunc(texts, func(s string) bool {
		s = strings.ReplaceAll(s, "%%", "%")
		own := len(strings.ReplaceAll(s, verb, ""))
		return own*2 > weight && own <= weight*2+10 && fits(pattern, s)
	})
}

// absent are the reasons for which the program has no use for a message. The first that fits counts.
var absent = []struct{ pattern, reason string }{
	{`^(BIO_|ENGINE_|EVP_|OSSL_|PEM_|SSL_|X509_|sk_X509|i2d_|EC_KEY|OBJ_sn2nid)`, "a failure of OpenSSL; TLS is crypto/tls, see ADR 5"},
	{
		`tlsext support|lacks ALPN|"ssl_ech_file" is not|"ssl_session_ticket_key" ignored|"ssl_stapling" ignored, not`,
		"about the OpenSSL that nginx was built with",
	},
	{`"ssl_ocsp_responder"`, "what clients present is not checked by OCSP, ssl_ocsp is refused"},
	{`PCRE|regex`, "regular expressions are built in, see ADR 6"},
	{
		`without (zlib|debug)|requires (SSL support|ngx_http)|not supported on this platform|is unsupported on this platform|` +
			`transparent proxying|"on" or "off" on this platform|^is not supported|is not supported, ignored|min_free|sendspace`,
		"about systems, or builds of nginx, that lack something",
	},
	{`"quic"|"listen ... %s" directive in %s:%ui$`, "quic is refused as a whole"},
	{`debug_connection`, "the debug log is always built in"},
	{`lock_file|events module|event type must|temp_pool|modules loaded|radix tree|getcwd|gethostname|listening socket on|FD_CLOEXEC|` +
		`IPV6_V6ONLY|conflicting (variable|SSI)`, "about machinery that does not exist here"},
	{`dlsym|module "%V" (version|is not binary)`, "modules are built in; one that is not is refused in other words"},
	{`returned only`, "a file that shrinks is read as far as it goes"},
	{`proxy_(cache|store)"$|previously (different|it used)|cache path while`, "responses are not cached yet, see ADR 8"},
	{`the default path name`, "the default folders have different names"},
	{`binary geo`, "geo reads no binary files"},
	{`resolving names at run time|to resolve names|service|route `, "resolve, service and route are refused as a whole"},
	{`"(create|lookup|zone)" parameter|timeout|zone|cookie name|"(expires|samesite|domain|httponly|path|secure)" |` +
		`variable in the|unknown parameter`, "sticky is refused as a whole"},
}

// composed are messages that the program has, put together of parts that the search does not see as one.
var composed = regexp.MustCompile(`^("ssl_stapling" ignored, |chown\(|listen\(\) to|unknown thread pool|duplicate location|` +
	`%s in upstream|no (port|servers) in upstream|upstream "%V" may not have port|` +
	`invalid ((loader|manager)_\w+|inactive|max_size|min_free) value)`)

// messagesPage is messages.md: what nginx says and this program cannot.
func messagesPage(t *testing.T) []byte {
	t.Helper()
	texts, list := textsOf(t), readMessages(t, runtime.Registry())
	list = slices.DeleteFunc(list, func(m message) bool { return m.level == "-" }) // parts of others
	missing := slices.DeleteFunc(slices.Clone(list), func(m message) bool { return has(texts, m.format) || composed.MatchString(m.format) })
	slices.SortFunc(missing, func(a, b message) int {
		return cmp.Or(cmp.Compare(a.module, b.module), cmp.Compare(a.format, b.format))
	})
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Messages

The messages that nginx prints for a wrong configuration, in the modules that exist here. Of %d messages the sources of this
program contain %d. The table lists the others, with the reason why they are not printed. This page is generated from the
reference and the sources; after a change run `+"`go generate ./docs`"+`.

| module | message | why not |
|---|---|---|
`, len(list), len(list)-len(missing))
	for _, m := range missing {
		i := slices.IndexFunc(absent, func(a struct{ pattern, reason string }) bool {
			return regexp.MustCompile(a.pattern).MatchString(m.format)
		})
		reason := "**not yet**"
		if i >= 0 {
			reason = absent[i].reason
		}
		module := strings.TrimSuffix(strings.TrimPrefix(m.module, "ngx_"), "_module")
		fmt.Fprintf(&b, "| %s | `` %s `` | %s |\n", module, m.format, reason)
	}
	return b.Bytes()
}

// TestMessages fails when messages.md is stale.
func TestMessages(t *testing.T) {
	got := messagesPage(t)
	if *update {
		if err := os.WriteFile("messages.md", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("messages.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("messages.md is stale, run: go generate ./docs\n%s", firstDifference(string(got), string(want)))
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"a" + verb + "c", "abc", true},
		{"a" + verb, verb + "c", true},
		{"a" + verb + "c", "ab" + verb, true},
		{verb + "a", "b", false},
	} {
		if got := fits(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
	texts := []string{`invalid value "` + verb + `"`, verb, `invalid`}
	for format, want := range map[string]bool{
		`invalid value "%V"`:             true,
		`invalid value "%V" in "%V"`:     false,
		`invalid number of %V arguments`: false,
	} {
		if has(texts, format) != want {
			t.Errorf("%s: %v", format, !want)
		}
	}
}
