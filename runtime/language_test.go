package runtime

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// tsvRow is a row of reference/directives.tsv, read here anew: what the loader makes of the file is what is tested.
type tsvRow struct {
	name, args string
	contexts   []string
	block      bool
	plus       bool   // of the commercial nginx alone
	repeat     string // "no", "yes", "?"
}

// ours are the directives that nginx does not have in these places, in the same form.
const ours = "proxy_protocol\tngx_http_proxy_module\thttp,server,location\t1\tno\toff\t-\toss\tno\n" +
	"proxy_cache_rfc9111\tngx_http_proxy_module\thttp,server,location\tflag\tno\toff\t-\toss\tno\n" +
	"fastcgi_cache_rfc9111\tngx_http_fastcgi_module\thttp,server,location\tflag\tno\toff\t-\toss\tno\n" +
	"uwsgi_cache_rfc9111\tngx_http_uwsgi_module\thttp,server,location\tflag\tno\toff\t-\toss\tno\n" +
	"scgi_cache_rfc9111\tngx_http_scgi_module\thttp,server,location\tflag\tno\toff\t-\toss\tno"

func readTSV(t *testing.T) map[string][]tsvRow {
	t.Helper()
	data, err := os.ReadFile("conf/reference/directives.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]tsvRow{}
	for i, line := range strings.Split(strings.TrimSpace(string(data))+"\n"+ours, "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 9 {
			t.Fatalf("line %d has %d fields", i+1, len(f))
		}
		if i > 0 {
			rows[f[0]] = append(rows[f[0]], tsvRow{f[0], f[3], strings.Split(f[2], ","), f[4] == "yes", f[7] == "plus", f[8]})
		}
	}
	return rows
}

// takes reports whether the args column allows n arguments.
func (r *tsvRow) takes(n int) bool {
	rule := strings.TrimSpace(strings.TrimPrefix(r.args, "block"))
	for word := range strings.SplitSeq(rule, ",") {
		low, high, isRange := strings.Cut(word, "-")
		least, open := strings.CutSuffix(word, "+")
		number := func(s string) int {
			v, err := strconv.Atoi(s)
			if err != nil {
				v = -1
			}
			return v
		}
		switch {
		case word == "any",
			word == "" && n == 0,
			word == "flag" && n == 1,
			open && n >= number(least),
			isRange && n >= number(low) && n <= number(high),
			number(word) == n:
			return true
		}
	}
	return false
}

// inner are the blocks whose items nginx itself knows in no other place.
var inner = []string{"types", "map", "geo", "num_map", "match", "mgmt", "acme_issuer", "oidc_provider", "otel_exporter"}

// verdict is what nginx says of a statement before it looks at its values, "" for nothing; row is the one it found.
func verdict(rows []tsvRow, name, context string, block bool, args int) (text string, row *tsvRow) {
	known := false
	for i := range rows {
		known = known || !rows[i].plus && slices.ContainsFunc(rows[i].contexts, func(c string) bool { return !slices.Contains(inner, c) })
		if row == nil && slices.Contains(rows[i].contexts, context) {
			row = &rows[i]
		}
	}
	switch {
	case row == nil && !known:
		return fmt.Sprintf(`unknown directive "%s"`, name), nil
	case row == nil:
		return fmt.Sprintf(`"%s" directive is not allowed here`, name), nil
	case row.block && !block:
		return fmt.Sprintf(`directive "%s" has no opening "{"`, name), nil
	case !row.block && block:
		return fmt.Sprintf(`directive "%s" is not terminated by ";"`, name), nil
	case !row.takes(args):
		return fmt.Sprintf(`invalid number of arguments in "%s" directive`, name), nil
	}
	return "", row
}

// blocks are a place for each context in which directives are looked up.
var blocks = map[string]string{
	"main":            "%s",
	"events":          "events {%s}",
	"http":            "http {%s}",
	"server":          "http { server {%s} }",
	"server_if":       "http { server { if ($uri) {%s} } }",
	"location":        "http { server { location / {%s} } }",
	"location_if":     "http { server { location / { if ($uri) {%s} } } }",
	"limit_except":    "http { server { location / { limit_except GET {%s} } } }",
	"upstream":        "http { upstream u {%s} }",
	"acme_issuer":     "http { acme_issuer a {%s} }",
	"otel_exporter":   "http { otel_exporter {%s} }",
	"stream":          "stream {%s}",
	"stream_server":   "stream { server {%s} }",
	"stream_upstream": "stream { upstream u {%s} }",
	"mail":            "mail {%s}",
	"mail_server":     "mail { server {%s} }",
}

// problemsByLine loads a configuration and returns what is said about each line.
func problemsByLine(t *testing.T, text string) map[int][]string {
	t.Helper()
	o := write(t, text)
	o.Inputs = conf.Files{} // no host is looked up
	err := newHost().Load(o, nil).Err()
	var p *Problem
	if !errors.As(err, &p) {
		t.Fatalf("loaded: %v", err)
	}
	lines := map[int][]string{}
	for _, one := range p.All {
		text, place, found := strings.Cut(one.Text, " in "+o.ConfPath+":")
		if line, err := strconv.Atoi(place); found && err == nil {
			lines[line] = append(lines[line], text)
		}
	}
	return lines
}

// isForm reports whether a message is one of the five that verdict knows.
func isForm(text, name string) bool {
	return slices.Contains([]string{
		`unknown directive "` + name + `"`,
		`"` + name + `" directive is not allowed here`,
		`directive "` + name + `" has no opening "{"`,
		`directive "` + name + `" is not terminated by ";"`,
		`invalid number of arguments in "` + name + `" directive`,
	}, text)
}

const maxArguments = 8

// names are the directives from z to a, so that map comes behind map_hash_max_size, which must not follow it.
func names(all map[string][]tsvRow) []string {
	list := slices.Sorted(maps.Keys(all))
	slices.Reverse(list)
	return list
}

// TestEveryDirectiveEverywhere puts every directive of nginx into every block, as a statement and as a block, with up to
// eight arguments, and compares what is said with what the reference has nginx say.
func TestEveryDirectiveEverywhere(t *testing.T) {
	all := readTSV(t)
	probes := 0
	for context, around := range blocks {
		t.Run(context, func(t *testing.T) {
			type probe struct {
				text, name, want string
				row              *tsvRow
			}
			var list []probe
			var b strings.Builder
			for _, name := range names(all) {
				if name == "include" && slices.Contains(inner, context) {
					continue // it is read with the files, wherever it stands
				}
				rows := all[name]
				for i := range 2 * (maxArguments + 1) {
					args, block := i/2, i%2 == 1
					text := name + strings.Repeat(" a", args) + ";"
					if block {
						text = name + strings.Repeat(" a", args) + " { }"
					}
					want, row := verdict(rows, name, context, block, args)
					list = append(list, probe{text, name, want, row})
					b.WriteString("\n" + text)
				}
			}
			said := problemsByLine(t, strings.Replace(around, "%s", b.String(), 1))
			for i, p := range list {
				var forms []string
				for _, text := range said[i+2] {
					if isForm(text, p.name) {
						forms = append(forms, text)
					}
				}
				if got := strings.Join(forms, "; "); got != p.want {
					t.Errorf("%s in %s: %q, want %q", p.text, context, got, p.want)
				}
			}
			probes += len(list)
		})
	}
	t.Logf("%d probes", probes)
}

// shortest is a use of the directive with the least number of arguments, and its row; nil where it may not stand.
func shortest(rows []tsvRow, name, context string) (string, *tsvRow) {
	for args := range maxArguments + 1 {
		text := name + strings.Repeat(" a", args)
		if _, row := verdict(rows, name, context, false, args); row != nil {
			return text + ";", row
		}
		if _, row := verdict(rows, name, context, true, args); row != nil {
			return text + " { }", row
		}
	}
	return "", nil
}

// TestRepetition uses every directive twice in every block where it may stand: the second use is a duplicate, or it is not.
func TestRepetition(t *testing.T) {
	all := readTSV(t)
	for context, around := range blocks {
		t.Run(context, func(t *testing.T) {
			var texts, wants []string
			var b strings.Builder
			for _, name := range names(all) {
				text, row := shortest(all[name], name, context)
				if row == nil || row.repeat == "?" || name == "include" || name == "perl" {
					continue // perl has words of its own
				}
				b.WriteString("\n" + text + "\n" + text)
				texts = append(texts, text)
				wants = append(wants, row.repeat)
			}
			said := problemsByLine(t, strings.Replace(around, "%s", b.String(), 1)+"\nunknown;")
			for i, text := range texts {
				name, _, _ := strings.Cut(strings.TrimRight(text, ";"), " ")
				duplicate := `"` + name + `" directive is duplicate`
				got := slices.Contains(said[2*i+3], duplicate)
				if got != (wants[i] == "no") {
					t.Errorf("%s twice in %s, reference: %s; said: %q", text, context, wants[i], said[2*i+3])
				}
				if slices.Contains(said[2*i+2], duplicate) {
					t.Errorf("%s in %s: the first use is called a duplicate", text, context)
				}
			}
		})
	}
}
