package faults

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

var (
	only      = flag.String("row", "", "play the rows whose name has this in it")
	recording = flag.Bool("record", false, "add the differences that are not yet in differences.md to it")
	show      = flag.Bool("show", false, "print what nginx did")
)

// lab has the two programs; TestMain makes it.
var lab *harness.Lab

func TestMain(m *testing.M) { os.Exit(harness.RunTests(m, &lab)) }

// table is where differences are explained.
const table = "../differences.md"

// units are what the times of a run are counted in, see peer.unit. What differs in one run is played again in the next.
var units = []time.Duration{75 * time.Millisecond, 150 * time.Millisecond, 400 * time.Millisecond}

// atOnce is how many rows are played at once on a server: most of them wait for a time-out.
const atOnce = 48

// TestFaults plays every row over every protocol that has it.
func TestFaults(t *testing.T) {
	known, err := harness.ReadDifferences(table)
	if err != nil {
		t.Fatal(err)
	}
	known.Since(lab.OracleVersion)
	hole := blackHole(t)
	t.Run("all", func(t *testing.T) {
		for _, proto := range protocols {
			t.Run(proto.name, func(t *testing.T) {
				t.Parallel()
				faults(t, proto, hole, known)
			})
		}
	})
	if *recording || *only != "" || t.Failed() || flag.Lookup("test.run").Value.String() != "" {
		return // not everything has run
	}
	ours := func(d harness.Difference) bool { return strings.HasPrefix(d.Case, "faults") }
	for _, d := range known.Unused(ours) {
		t.Errorf("differences.md: nothing differs like this any more: %s, %s: -%s +%s", d.Case, d.Request, d.Oracle, d.Tested)
	}
}

// faults plays the rows of a protocol until nothing differs that is not known, or the last run is over.
func faults(t *testing.T, proto *protocol, hole string, known *harness.Differences) {
	name := "faults-" + proto.name
	cells := cellsOf(proto)
	for i, unit := range units {
		oracle, tested := playBoth(t, fmt.Sprintf("%s-%d", name, i), proto, cells, hole, unit)
		last := i == len(units)-1
		var again []cell
		for _, c := range cells {
			if *show {
				t.Logf("%s\n  %s", c.uri(), strings.Join(oracle[c.uri()], "\n  "))
			}
			left := known.Unexplained(name, c.uri(), harness.Diff(oracle[c.uri()], tested[c.uri()]))
			left = append(left, c.wrong(proto, tested[c.uri()])...)
			switch {
			case len(left) == 0:
			case !last:
				again = append(again, c)
			case *recording:
				if err := known.Record(name, c.uri(), left, lab.TestedVersion); err != nil {
					t.Error(err)
				}
			default:
				t.Errorf("%s: (- nginx %s, + server under test)\n  %s\nnginx did:\n  %s", c.uri(), lab.OracleVersion,
					strings.Join(left, "\n  "), strings.Join(oracle[c.uri()], "\n  "))
			}
		}
		if cells = again; len(cells) == 0 {
			return
		}
	}
}

// playBoth plays cells on both servers at once and returns what came of each, by its URI.
func playBoth(t *testing.T, name string, proto *protocol, cells []cell, hole string, unit time.Duration) (oracle, tested map[string]harness.Transcript) {
	t.Helper()
	var wait sync.WaitGroup
	var errs [2]error
	wait.Go(func() { oracle, errs[0] = play(t.Context(), name+"-oracle", lab.Oracle, proto, cells, hole, unit) })
	wait.Go(func() { tested, errs[1] = play(t.Context(), name+"-tested", lab.Tested, proto, cells, hole, unit) })
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return oracle, tested
}

// play plays cells on one server.
func play(ctx context.Context, name, binary string, proto *protocol, cells []cell, hole string, unit time.Duration) (map[string]harness.Transcript, error) {
	c, err := harness.ParseCase(name, []byte(archive(proto, cells, hole, unit)))
	if err != nil {
		return nil, err
	}
	rows := map[string]*row{}
	for _, cell := range cells {
		rows[cell.row.name] = cell.row
	}
	c.Apps[0], c.Apps[1] = lives(proto, rows, unit), lives(proto, nil, unit)
	s, err := lab.Serve(ctx, c, binary)
	if err != nil {
		return nil, err
	}
	stop := sync.OnceValue(s.Stop)
	defer func() { _ = stop() }() // where it was not stopped below, another error is returned
	did := make([]harness.Transcript, len(cells))
	errs := make([]error, len(cells))
	var wait sync.WaitGroup
	turn := make(chan struct{}, atOnce)
	for i := range cells {
		turn <- struct{}{}
		wait.Go(func() {
			did[i], errs[i] = cells[i].play(ctx, s, unit)
			<-turn
		})
	}
	wait.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", cells[i].uri(), err)
		}
	}
	if err := stop(); err != nil {
		return nil, err
	}
	logs, err := s.Logs(c)
	if err != nil {
		return nil, err
	}
	all := map[string]harness.Transcript{}
	for i := range cells {
		all[cells[i].uri()] = did[i]
	}
	for _, log := range []string{"fault-access.log", "error.log"} {
		for _, line := range logs[log] {
			if m := aboutCell.FindStringSubmatch(line); m != nil && all[m[1]] != nil {
				all[m[1]] = append(all[m[1]], line)
			}
		}
	}
	return all, nil
}

// aboutCell finds the URI of a cell in a line of a log.
var aboutCell = regexp.MustCompile(`[A-Za-z] (/[a-z]+/[^ /"]+)(?:/good)? `)
