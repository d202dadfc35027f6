package integration

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

var (
	record = flag.Bool("record", false, "add the differences that are not yet in differences.md to it")
	show   = flag.Bool("show", false, "print what nginx answered")
)

// lab is where all tests run; TestMain makes it.
var lab *harness.Lab

func TestMain(m *testing.M) { os.Exit(harness.RunTests(m, &lab)) }

func TestCases(t *testing.T) {
	paths, err := filepath.Glob("cases/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	known, err := harness.ReadDifferences("differences.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("nginx %s against %s (level %s)", lab.OracleVersion, lab.Tested, lab.TestedVersion)
	pending := map[string]bool{}
	cases := map[string]*harness.Case{}
	t.Run("all", func(t *testing.T) {
		for _, path := range paths {
			c, err := harness.LoadCase(path)
			if err != nil {
				t.Error(err)
				continue
			}
			if c.Since != "" && harness.Older(lab.OracleVersion, c.Since) {
				continue
			}
			pending[c.Name], cases[c.Name] = c.Pending != "", c
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				compare(t, c, known)
			})
		}
	})
	if *record || t.Failed() || flag.Lookup("test.run").Value.String() != "" {
		return // not everything has run
	}
	expect := func(d harness.Difference) bool {
		if _, ours := pending[d.Case]; !ours && d.Case != "*" {
			return false // of another test
		}
		if lab.TestedIsNginx() {
			return !strings.HasPrefix(d.Since, "sluice")
		}
		return !pending[d.Case]
	}
	// Some differences depend on time, and on a busy machine they may not be seen at first.
	for range 3 {
		for _, d := range known.Unused(expect) {
			if c := cases[d.Case]; c != nil {
				compare(t, c, known)
			}
		}
	}
	for _, d := range known.Unused(expect) {
		t.Errorf("differences.md: nothing differs like this any more: %s, %s: -%s +%s", d.Case, d.Request, d.Oracle, d.Tested)
	}
}

// compare runs one case and reports every difference that is not known.
func compare(t *testing.T, c *harness.Case, known *harness.Differences) {
	if c.Pending != "" && !lab.TestedIsNginx() {
		refused(t, c)
		return
	}
	found, err := lab.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	judge(t, c, known, found)
}

// judge reports every difference in what came of a case that is not known.
func judge(t *testing.T, c *harness.Case, known *harness.Differences, found []harness.Finding) {
	t.Helper()
	for _, f := range found {
		if *show {
			t.Logf("%s\n  %s", f.Name, strings.Join(f.Oracle, "\n  "))
		}
		if n := len(f.Oracle); n > 0 && f.Oracle[n-1] == "[timeout]" {
			t.Errorf("%s: nginx does not end this exchange, the case has to", f.Name)
		}
		left := known.Unexplained(c.Name, f.Name, harness.Diff(f.Oracle, f.Tested))
		if len(left) == 0 {
			continue
		}
		if *record {
			if err := known.Record(c.Name, f.Name, left, lab.TestedVersion); err != nil {
				t.Error(err)
			}
			continue
		}
		t.Errorf("%s: (- nginx %s, + server under test)\n  %s\nnginx said:\n  %s", f.Name, lab.OracleVersion,
			strings.Join(left, "\n  "), strings.Join(f.Oracle, "\n  "))
	}
}

// refused wants the server under test to refuse a configuration for a directive it does not have yet. Once it does not, the
// case is no longer pending.
func refused(t *testing.T, c *harness.Case) {
	t.Helper()
	srv, err := lab.Serve(t.Context(), c, lab.Tested)
	if err == nil {
		err = errors.Join(srv.Stop(), errors.New("it started"))
	}
	if want := fmt.Sprintf("%q is known to nginx but not supported here", c.Pending); !strings.Contains(err.Error(), want) {
		t.Errorf("want %s: %v", want, err)
	}
}
