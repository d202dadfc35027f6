package integration

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/explain"
)

// TestExplain asks `sluice explain` about the requests of all cases and holds what it says to what the running server
// does: the status, the fields, the file or text that is sent, and the request that reaches an application.
func TestExplain(t *testing.T) {
	if lab.TestedIsNginx() {
		t.Fatal("nginx has nothing to explain itself with: leave this test out with -run where nginx is the program under test")
	}
	paths, err := filepath.Glob("cases/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var told, passed, files atomic.Int64
	t.Run("all", func(t *testing.T) {
		for _, path := range append(paths, "testdata/seed.txtar") {
			c, err := harness.LoadCase(path)
			if err != nil {
				t.Fatal(err)
			}
			if c.Pending != "" {
				continue
			}
			c.Name += "-explained"
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				x := explained{t: t, told: &told, passed: &passed, files: &files}
				x.compare(c)
			})
		}
	})
	t.Logf("%d answers, %d of them from files, %d requests passed on", told.Load(), files.Load(), passed.Load())
	if strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return // not everything has run
	}
	if told.Load() < 500 || passed.Load() < 80 || files.Load() < 50 {
		t.Error("too little was compared")
	}
}

// explained compares one case.
type explained struct {
	t                   *testing.T
	played              *harness.Case
	running             *harness.Running
	told, passed, files *atomic.Int64
}

func (x *explained) compare(c *harness.Case) {
	t := x.t
	running, err := lab.Serve(t.Context(), c, lab.Tested)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := running.Stop(); err != nil {
			t.Error(err)
		}
	}()
	x.running, x.played = running, c
	e, err := explain.Load(runtime.Options{ConfPath: running.Dir() + "/nginx.conf", Prefix: running.Dir() + "/"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Requests {
		req := &c.Requests[i]
		q := x.question(req)
		if q == nil {
			continue
		}
		report, err := e.Explain(q)
		if err != nil {
			t.Errorf("%s: %v", req.Name, err)
			continue
		}
		ex, err := running.Do(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		x.judge(req, report, ex, func() (*explain.Report, error) { return e.Explain(q) })
	}
}

// question is the request as explain takes it; nil for what it cannot be asked: several requests on a connection, those of
// other versions, without Host or with something that is no header.
func (x *explained) question(req *harness.Request) *explain.Question {
	raw := x.running.Sends(req)
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	words := strings.Split(lines[0], " ")
	if len(req.Parts) != 1 || req.Answers != 1 || req.Abort || req.Preface != "" || len(words) != 3 || words[2] != "HTTP/1.1" ||
		!strings.HasPrefix(words[1], "/") || strings.Contains(words[1], "#") || req.TLS != nil && req.TLS.Certificate != "" {
		return nil
	}
	addr := x.running.Addr(req.Port)
	q := &explain.Question{URL: "http://" + addr + words[1], Method: words[0], To: addr, Headers: lines[1:]}
	if req.TLS != nil {
		name := req.TLS.ServerName
		if name == "" {
			name = "127.0.0.1"
		}
		q.URL = "https://" + name + words[1]
	}
	hosts := 0
	for _, l := range lines[1:] {
		name, _, ok := strings.Cut(l, ":")
		if !ok || name == "" || strings.ContainsAny(l, "\r\n") || strings.EqualFold(name, "Transfer-Encoding") || strings.EqualFold(name, "Expect") {
			return nil
		}
		if strings.EqualFold(name, "Host") {
			hosts++
		}
	}
	if hosts == 0 || body != "" && strings.Contains(body, "HTTP/1.") {
		return nil
	}
	return q
}

// judge compares what was said with what was done; again says it once more.
func (x *explained) judge(req *harness.Request, r *explain.Report, ex *harness.Exchange, again func() (*explain.Report, error)) {
	var resp *harness.Response
	for _, a := range ex.Responses {
		if a.Code >= 200 {
			resp = a
		}
	}
	switch {
	case runTimeDecides(req, r, ex):
	case r.Response == nil && resp != nil:
		x.t.Errorf("%s: no answer is foreseen, there is %s", req.Name, resp.Line)
	case r.Response == nil:
	case resp == nil && (r.Response.Upstream || filtered(r)):
	case resp == nil && len(ex.Rest) == 0:
		x.t.Errorf("%s: %d is foreseen, there is no answer (%s)", req.Name, r.Response.Status, ex.End)
	case resp == nil:
	case r.Response.Upstream:
		x.judgePassed(req, r, resp)
	default:
		x.told.Add(1)
		if r.Response.Status != resp.Code && (resp.Code == 403 || resp.Code == 404 || resp.Code == 500) && closedTo(x.running.Dir()) {
			return
		}
		if r.Response.Status != resp.Code {
			x.t.Errorf("%s: %d is foreseen, there is %s", req.Name, r.Response.Status, resp.Line)
			return
		}
		x.judgeFields(req, r, resp, again)
		x.judgeBody(req, r, resp)
	}
}

// runTimeDecides reports whether the answer depends on what explain says it does not know.
func runTimeDecides(req *harness.Request, r *explain.Report, ex *harness.Exchange) bool {
	if r.Handler != nil && r.Handler.Kind == "dav" || req.TLS != nil && ex.End == "handshake failed" {
		return true
	}
	return slices.ContainsFunc(r.Notes, func(note string) bool {
		return strings.HasPrefix(note, "auth_request is not called") || strings.Contains(note, "client certificate") ||
			strings.Contains(note, "PROXY protocol")
	})
}

// closedTo reports whether root, who asks here, may read what the server that runs as nobody may not.
func closedTo(dir string) (closed bool) {
	if os.Getuid() != 0 {
		return false
	}
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error { // what cannot be walked is not closed to nobody
		if err == nil && d.Type()&os.ModeSymlink == 0 {
			info, err := d.Info()
			closed = closed || err == nil && info.Mode().Perm()&0o700 == 0
		}
		return nil
	})
	return closed
}

// judgePassed wants an application that echoes to have received the request that was foreseen.
func (x *explained) judgePassed(req *harness.Request, r *explain.Report, resp *harness.Response) {
	want := strings.Join(r.Handler.Pass.Request, "\r\n") + "\r\n\r\n"
	if !bytes.Contains(resp.Body, []byte(" HTTP/1.")) {
		return // it does not echo
	}
	if target := strings.Fields(want)[1]; x.played.Scripted(target) {
		return // its answer led to another location, whose application echoes
	}
	x.passed.Add(1)
	if !bytes.HasPrefix(resp.Body, []byte(want)) {
		x.t.Errorf("%s: %q is foreseen, the application got %q", req.Name, want, resp.Body)
	}
}

// unforeseen are fields that depend on the time, on chance, or on the body.
var unforeseen = []string{"Date", "Expires", "Set-Cookie", "Content-Length", "Transfer-Encoding", "ETag", "Connection"}

// boundary is where a body has its parts: it counts what the server has sent, and what it has written to files, before.
var boundary = regexp.MustCompile(`; boundary=[0-9]{20}$`)

// fieldsOf are the fields of a foreseen response that can be foreseen.
func fieldsOf(r *explain.Report) (lines []string) {
	for _, f := range r.Response.Fields {
		if !slices.Contains(unforeseen, f.Name) {
			lines = append(lines, f.Name+": "+boundary.ReplaceAllString(f.Value, ""))
		}
	}
	return lines
}

func (x *explained) judgeFields(req *harness.Request, r *explain.Report, resp *harness.Response, again func() (*explain.Report, error)) {
	var got []string
	for _, f := range resp.Header {
		if !slices.Contains(unforeseen, f.Name) {
			got = append(got, f.Name+": "+boundary.ReplaceAllString(f.Value, ""))
		}
	}
	want := fieldsOf(r)
	if slices.Equal(want, got) {
		return
	}
	// Where a value counts seconds, one may have begun since it was foreseen; then the same is foreseen now.
	if r, err := again(); err == nil && r.Response != nil && slices.Equal(fieldsOf(r), got) {
		return
	}
	x.t.Errorf("%s: fields foreseen %q, sent %q", req.Name, want, got)
}

// bodyFilters are the directives of modules that change bodies, and may break one off.
var bodyFilters = []string{"add_after_body", "add_before_body", "charset", "gunzip", "ssi", "sub_filter"}

// filtered reports whether a body filter has a say in what is sent.
func filtered(r *explain.Report) bool {
	return slices.ContainsFunc(r.Settings, func(s explain.Setting) bool { return slices.Contains(bodyFilters, s.Name) })
}

// judgeBody wants the file that was named, or the text, unless a body filter or the handshake has a say in it.
func (x *explained) judgeBody(req *harness.Request, r *explain.Report, resp *harness.Response) {
	if filtered(r) || req.TLS != nil || resp.Code != 200 || r.Handler == nil || strings.HasPrefix(req.Name, "HEAD") || len(resp.Body) == 0 {
		return
	}
	switch r.Handler.Kind {
	case "file":
		data, err := os.ReadFile(r.Handler.Path)
		if err != nil || !bytes.Equal(data, resp.Body) {
			x.t.Errorf("%s: %s is foreseen (%v), there is %.60q", req.Name, r.Handler.Path, err, resp.Body)
		}
		x.files.Add(1)
	case "return":
		last := r.Steps[len(r.Steps)-1]
		if last.Kind == "return" && last.Value != string(resp.Body) {
			x.t.Errorf("%s: %q is foreseen, there is %q", req.Name, last.Value, resp.Body)
		}
	}
}
