package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/internal/testclock"
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/check"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/lint"
)

// TestBrokenExplained lets check look at the configurations of TestBroken: what -t stops at is among what it tells, with
// a place wherever -t names one, and nothing makes it, or lint, slow.
func TestBrokenExplained(t *testing.T) {
	dir := layOut(t, lab.Tested) + "/"
	explained := 0
	for _, c := range readBroken(t) {
		if c.place == "arguments" {
			continue
		}
		text := strings.ReplaceAll(places[c.place], "%s", c.text)
		text = strings.ReplaceAll(long.Replace(text), "${DIR}", strings.TrimSuffix(dir, "/"))
		if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		o := runtime.Options{ConfPath: dir + "nginx.conf", Prefix: dir}
		in := runtime.Inspect(o, nil)
		taken := testclock.Stopwatch()
		report := check.Run(o)
		_ = lint.Run(in, lint.Rules())
		if took := taken(); took > 5*time.Second {
			t.Errorf("%s: took %s", short(c.name()), took)
		}
		if in.Sound != (report.Count(check.Error) == 0) {
			t.Errorf("%s: loads: %v, but check tells of %d errors", short(c.name()), in.Sound, report.Count(check.Error))
		}
		for _, p := range in.Problems {
			if p.Severity == conf.Warn {
				continue
			}
			if !tells(report, p.Text) {
				t.Errorf("%s: not told: %s", short(c.name()), short(p.Text))
			}
			explained++
			break
		}
	}
	if explained < 500 {
		t.Errorf("only %d configurations did not load", explained)
	}
}

// tells reports whether a message of -t is among the problems, with a place if it has one.
func tells(r *check.Report, text string) bool {
	for _, p := range r.Problems {
		rest, ok := strings.CutPrefix(text, p.Message)
		if ok && p.Severity == check.Error && (rest == "" || p.Line > 0 && strings.HasPrefix(rest, " in ")) {
			return true
		}
	}
	return false
}

func short(text string) string {
	if len(text) > 200 {
		return text[:200] + "..."
	}
	return text
}
