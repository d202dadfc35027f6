package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// A trial is a configuration with requests, some of both left out.
type trial struct {
	conf     *node
	protocol string // of the applications; empty: HTTP
	requests []*request
	gone     map[*node]bool            // of conf
	refused  bool                      // it was played, and a server did not take the configuration
	fields   map[*request]map[int]bool // lines of heads that are left out
}

// newTrial makes the trial of a seed.
func newTrial(seed uint64, requests int) *trial {
	g := gen{rand.New(rand.NewPCG(seed, 0))}
	t := &trial{conf: g.configuration()}
	if g.chance(30) {
		t.protocol = g.one(gateways...)
		t.conf.speak(t.protocol)
	}
	for i := range requests {
		t.requests = append(t.requests, g.request(i))
	}
	return t
}

// archive writes the trial as a file of integration/cases.
func (t *trial) archive() string {
	var b strings.Builder
	b.WriteString("error-log: .\n" + worldOf(t.protocol))
	fmt.Fprintf(&b, "-- nginx.conf --\n%s", t.conf.without(t.gone))
	for _, r := range t.requests {
		fmt.Fprintf(&b, "-- requests/%s --\n%s", r.id, script(r.bytes(t.fields[r]), r.answers))
	}
	return b.String()
}

// words are the directives that the trial's configuration has, with spaces around each: the Case of the table.
func (t *trial) words() string {
	seen := map[string]bool{}
	for l := range strings.Lines(t.conf.without(t.gone)) {
		for _, w := range directives(l) {
			seen[w] = true
		}
	}
	return " " + strings.Join(slices.Sorted(maps.Keys(seen)), " ") + " "
}

// A difference is what one request, or the line of a log that belongs to it, showed.
type difference struct {
	kind    string // what differs, without what is particular to one request: differences of one kind are reported once
	request string // its id; empty where that is not known
	lines   []string
}

// player plays trials.
type player struct {
	lab   *harness.Lab
	known *harness.Differences
	count atomic.Int64 // of trials, for names of folders
}

// errNotStarted says that a server did not take the configuration.
type errNotStarted struct{ error }

// attempts is how often a trial is played at most for which a server did not get its port.
const attempts = 3

// play plays a trial on both servers and returns the differences that are not known.
func (p *player) play(ctx context.Context, t *trial) (all []difference, err error) {
	for range attempts {
		name := fmt.Sprintf("fuzz-%d", p.count.Add(1))
		c, err := harness.ParseCase(name, []byte(t.archive()))
		if err != nil {
			return nil, err
		}
		found, err := p.lab.Run(ctx, c)
		dir := filepath.Join(p.lab.Dir, name)
		taken := err != nil && foundPortTaken(dir, err) || slices.ContainsFunc(found, logsPortTaken)
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
		switch {
		case taken:
			continue
		case err != nil && strings.Contains(err.Error(), "did not start"):
			return nil, errNotStarted{err}
		case err != nil:
			return nil, err
		}
		return p.compare(t, found), nil
	}
	return nil, errors.New("other programs take the ports")
}

// portTaken is what a server says that found its port taken: other programs have ports, too.
const portTaken = "Address already in use"

// foundPortTaken tells whether a trial went wrong because a server, in a folder of dir, waited for its port: whoever looked
// whether it listens may have met the other program.
func foundPortTaken(dir string, err error) bool {
	said := err.Error()
	for _, name := range []string{"stderr", "logs/error.log"} {
		paths, _ := filepath.Glob(filepath.Join(dir, "*", name)) // the pattern is a good one
		for _, path := range paths {
			text, _ := os.ReadFile(path) // where there is none, nothing was said
			said += string(text)
		}
	}
	return strings.Contains(said, portTaken)
}

func logsPortTaken(f harness.Finding) bool {
	of := func(l string) bool { return strings.Contains(l, portTaken) }
	return slices.ContainsFunc(f.Oracle, of) || slices.ContainsFunc(f.Tested, of)
}

// compare picks what differs from the findings.
func (p *player) compare(t *trial, found []harness.Finding) (all []difference) {
	differs, own := map[string]bool{}, map[string]bool{}
	lines, heads := map[string]string{}, map[string]string{}
	for _, r := range t.requests {
		lines[r.id] = strings.TrimSpace(strings.SplitN(r.bytes(nil), "\r\n", 2)[0])
		heads[r.id] = r.head(t.fields[r])
	}
	for _, f := range found {
		if _, ok := lines[f.Name]; !ok {
			continue
		}
		own[f.Name] = slices.ContainsFunc(f.Oracle, func(l string) bool {
			return ownPage.MatchString(l) || strings.Contains(l, "<length of") || l == "Transfer-Encoding: chunked" || l == "Content-Encoding: gzip"
		})
		diff := p.answers(f)
		differs[f.Name] = len(diff) > 0
		if left := p.known.Unexplained(t.words(), heads[f.Name], diff); len(left) > 0 {
			all = append(all, difference{kindOfAnswer(left), f.Name, left})
		}
	}
	for _, f := range found {
		switch {
		case strings.HasPrefix(f.Name, "fuzz-access"):
			all = append(all, p.compareAccess(t, f, heads, differs, own)...)
		case strings.HasPrefix(f.Name, "error"):
			diff := harness.Diff(uncounted(f.Oracle), uncounted(f.Tested))
			diff = slices.DeleteFunc(diff, func(l string) bool {
				return slices.ContainsFunc(t.requests, func(r *request) bool {
					return differs[r.id] && (strings.Contains(l, `request: "`+lines[r.id]) || r.answers > 1 && strings.Contains(l, `request: "`+another))
				})
			})
			for _, l := range p.known.Unexplained(t.words(), f.Name, diff) {
				all = append(all, difference{"error log: " + l[:1] + kindOfLine(l[1:]), idOf(lines, l), []string{l}})
			}
		}
	}
	return all
}

// uncounted are lines of the error log in which temporary files have no number.
func uncounted(lines harness.Transcript) (u harness.Transcript) {
	for _, l := range lines {
		u = append(u, tempFile.ReplaceAllString(l, "${1}<number>"))
	}
	return u
}

// compareAccess compares lines of the access log by request, but for requests whose answers differ.
func (p *player) compareAccess(t *trial, f harness.Finding, heads map[string]string, differs, own map[string]bool) (all []difference) {
	byID := func(lines harness.Transcript) map[string][]string {
		m := map[string][]string{}
		for _, l := range lines {
			id, rest, _ := strings.Cut(strings.TrimPrefix(l, "id="), "|")
			m[id] = append(m[id], rest)
		}
		return m
	}
	oracle, tested := byID(f.Oracle), byID(f.Tested)
	for _, m := range []map[string][]string{oracle, tested} {
		for _, lines := range m { // in the same order, whatever was sent when
			slices.SortFunc(lines, func(a, b string) int {
				return strings.Compare(bytesSent.ReplaceAllString(a, ""), bytesSent.ReplaceAllString(b, ""))
			})
		}
	}
	for id := range tested {
		if _, ok := oracle[id]; !ok {
			oracle[id] = nil
		}
	}
	for id := range oracle {
		base := strings.TrimSuffix(id, "p")
		if differs[base] || differs[id] {
			continue
		}
		diff := p.known.Unexplained(t.words(), "access.log", p.fieldsThatDiffer(oracle[id], tested[id], own[base]))
		diff = p.known.Unexplained(t.words(), "access.log | "+heads[base], diff)
		fields := map[string][]string{}
		for _, l := range diff {
			name, _, _ := strings.Cut(l[1:], "=")
			fields[name] = append(fields[name], l)
		}
		for name, lines := range fields {
			all = append(all, difference{"access log: " + name, base, lines})
		}
	}
	return all
}

// fieldsThatDiffer compares log lines field by field. Lengths of the server's own pages, and of framed bodies, are left out.
func (p *player) fieldsThatDiffer(oracle, tested []string, own bool) (diff []string) {
	if len(oracle) != len(tested) {
		return []string{fmt.Sprintf("-lines=%d", len(oracle)), fmt.Sprintf("+lines=%d", len(tested))}
	}
	for i := range oracle {
		a, b := strings.Split(oracle[i], "|"), strings.Split(tested[i], "|")
		if len(a) != len(b) {
			return []string{"-" + oracle[i], "+" + tested[i]}
		}
		for j := range a {
			name, before, _ := strings.Cut(a[j], "=")
			_, after, _ := strings.Cut(b[j], "=")
			length := name == "body_bytes_sent" || name == "sent_http_content_length"
			if a[j] != b[j] && !(length && (own || p.pageLengths(before, after))) {
				diff = append(diff, "-"+a[j], "+"+b[j])
			}
		}
	}
	return diff
}

// pageLengths tells whether two lengths may be those of one page of the server's own, which has its name in it.
func (p *player) pageLengths(oracle, tested string) bool {
	a, err1 := strconv.Atoi(oracle)
	b, err2 := strconv.Atoi(tested)
	whole := len("nginx/") + len(p.lab.OracleVersion) - len("sluice")
	return err1 == nil && err2 == nil && (a-b == whole || a-b == len("nginx")-len("sluice"))
}

// answers compares two transcripts. What the name of the server makes different is no difference.
func (p *player) answers(f harness.Finding) []string {
	diff := harness.Diff(f.Oracle, f.Tested)
	for i := 0; i+1 < len(diff); i++ {
		before, ok1 := strings.CutPrefix(diff[i], "-Content-Length: ")
		after, ok2 := strings.CutPrefix(diff[i+1], "+Content-Length: ")
		if ok1 && ok2 && p.pageLengths(before, after) {
			return slices.Delete(diff, i, i+2)
		}
	}
	return diff
}

// ownPage is in a transcript whose body may be one of the server's own, whatever filters made of it.
var ownPage = regexp.MustCompile(`^\[page |<server>|^HTTP/1.1 [345]`)

var (
	tempFile   = regexp.MustCompile(`(_temp/)[0-9/]+`)
	bytesSent  = regexp.MustCompile(`\|body_bytes_sent=[0-9]+`)
	quotedText = regexp.MustCompile(`"[^"]*"|'[^']*'`)
	numbers    = regexp.MustCompile(`[0-9]+`)
)

// kindOfLine is a line of the error log without what is particular to a request.
func kindOfLine(l string) string {
	l, _, _ = strings.Cut(l, ", client: ")
	return numbers.ReplaceAllString(quotedText.ReplaceAllString(l, `"…"`), "N")
}

// kindOfAnswer tells what of an answer differs: the status, or names of fields, or the body.
func kindOfAnswer(diff []string) string {
	var status, rest []string
	for _, l := range diff {
		text := l[1:]
		name, _, isField := strings.Cut(text, ": ")
		switch {
		case strings.HasPrefix(text, "HTTP/"):
			status = append(status, l[:1]+strings.SplitN(text+" ", " ", 3)[1])
		case strings.HasPrefix(text, "> "), strings.HasPrefix(text, "["):
			rest = append(rest, "body")
		case isField:
			rest = append(rest, l[:1]+name)
		default:
			rest = append(rest, l)
		}
	}
	if len(status) > 1 {
		return "status: " + strings.Join(status, " ")
	}
	slices.Sort(rest)
	return "answer: " + strings.Join(append(status, slices.Compact(rest)...), " ")
}

// idOf finds the request that a line of the error log is about; empty where that cannot be told.
func idOf(lines map[string]string, l string) (found string) {
	for id, first := range lines {
		if first != "" && strings.Contains(l, `request: "`+first+`"`) {
			if found != "" {
				return ""
			}
			found = id
		}
	}
	return found
}

// refuse compares what the two servers say about a configuration that does not start.
func (p *player) refuse(ctx context.Context, t *trial) ([]difference, error) {
	var said [2][]string
	for i, binary := range []string{p.lab.Oracle, p.lab.Tested} {
		dir, err := os.MkdirTemp(p.lab.Dir, "refused")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		c, err := harness.ParseCase("refused", []byte(t.archive()))
		if err != nil {
			return nil, err
		}
		subst := strings.NewReplacer("%%ADDR%%", "127.0.0.1:19999", "%%UPSTREAM%%", "127.0.0.1:19998", "%%UPSTREAM_2%%", "127.0.0.1:19997", "%%DEAD%%", "127.0.0.1:19996").Replace
		if err := c.Lay(dir, subst); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, harness.TempPathsFile), []byte(p.lab.TempPaths[binary]), 0o644); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		out, _ := exec.CommandContext(ctx, binary, "-t", "-p", dir+"/", "-c", "nginx.conf", "-e", "logs/error.log").CombinedOutput()
		cancel()
		for l := range strings.Lines(strings.ReplaceAll(string(out), dir, "DIR")) {
			said[i] = append(said[i], strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(l, "nginx: "), "sluice: ")))
		}
	}
	diff := p.known.Unexplained(t.words(), "-t", harness.Diff(said[0], said[1]))
	if len(diff) == 0 {
		return nil, nil
	}
	return []difference{{"-t: " + kindOfLine(diff[0]), "", diff}}, nil
}
