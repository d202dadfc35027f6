package faults

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

// units are what the times of a run are counted in, see peer.unit. What differs in one run is played again in the next. What
// differs in all of them is asked again by itself, when nothing else of the test runs any more, as often as alone has units:
// only what differs each time is a difference.
var (
	units = []time.Duration{75 * time.Millisecond, 150 * time.Millisecond, 400 * time.Millisecond}
	alone = []time.Duration{
		200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond, 1600 * time.Millisecond, 1600 * time.Millisecond,
	}
)

// mostAlone is how many cells of a protocol are asked by themselves at most. Where more are left, it is not the machine.
const mostAlone = 40

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
	left := make([][]cell, len(protocols))
	t.Run("all", func(t *testing.T) {
		for i, proto := range protocols {
			t.Run(proto.name, func(t *testing.T) {
				if harness.Older(lab.OracleVersion, proto.since) {
					t.Skipf("nginx %s has it not", lab.OracleVersion)
				}
				t.Parallel()
				left[i] = faults(t, proto, hole, known)
			})
		}
	})
	for i, proto := range protocols {
		if len(left[i]) > 0 {
			t.Run(proto.name+" alone", func(t *testing.T) { again(t, proto, left[i], hole, known) })
		}
	}
	if *recording || *only != "" || t.Failed() || flag.Lookup("test.run").Value.String() != "" {
		return // not everything has run
	}
	ours := func(d harness.Difference) bool { return strings.HasPrefix(d.Case, "faults") }
	for _, unit := range alone {
		look(t, known.Unused(ours), hole, known, unit)
	}
	for _, d := range known.Unused(ours) {
		t.Errorf("differences.md: nothing differs like this any more: %s, %s: -%s +%s", d.Case, d.Request, d.Oracle, d.Tested)
	}
}

// look plays what unused is about once more, by itself: some of what differs does so only where bytes and the end of a
// connection are not seen at once, and on a busy machine they may be.
func look(t *testing.T, unused []harness.Difference, hole string, known *harness.Differences, unit time.Duration) {
	if len(unused) == 0 {
		return
	}
	for _, proto := range protocols {
		cells := slices.DeleteFunc(cellsOf(proto), func(c cell) bool {
			return !slices.ContainsFunc(unused, func(d harness.Difference) bool { return d.IsAbout("faults-"+proto.name, c.uri()) })
		})
		if len(cells) == 0 {
			continue
		}
		both := playBoth(t, "faults-"+proto.name+"-look", proto, cells, hole, unit)
		for _, c := range cells {
			both.differ(c, proto, known)
		}
	}
}

// faults plays the rows of a protocol until nothing differs that is not known, or the last run is over, and returns what still
// differs.
func faults(t *testing.T, proto *protocol, hole string, known *harness.Differences) []cell {
	cells := cellsOf(proto)
	for _, unit := range units {
		both := playBoth(t, "faults-"+proto.name, proto, cells, hole, unit)
		cells = slices.DeleteFunc(cells, func(c cell) bool {
			if *show {
				t.Logf("%s\n  %s", c.uri(), strings.Join(both.oracle[c.uri()], "\n  "))
			}
			return len(both.differ(c, proto, known)) == 0
		})
		if len(cells) == 0 {
			break
		}
	}
	return cells
}

// again asks cells by themselves, each until it does not differ once, and reports those that always do.
func again(t *testing.T, proto *protocol, cells []cell, hole string, known *harness.Differences) {
	tries := alone
	if len(cells) > mostAlone {
		tries = alone[:1]
	}
	for _, c := range cells {
		var both *played
		var left []string
		for _, unit := range tries {
			both = playBoth(t, "faults-"+proto.name+"-alone", proto, []cell{c}, hole, unit)
			if left = both.differ(c, proto, known); len(left) == 0 {
				break
			}
		}
		switch {
		case len(left) == 0:
		case *recording:
			if err := known.Record("faults-"+proto.name, c.uri(), left, lab.TestedVersion); err != nil {
				t.Error(err)
			}
		default:
			t.Errorf("%s: (- nginx %s, + server under test)\n  %s\nnginx did:\n  %s", c.uri(), lab.OracleVersion,
				strings.Join(left, "\n  "), strings.Join(both.oracle[c.uri()], "\n  "))
		}
	}
}

// played is what came of cells on the two servers, by their URIs.
type played struct{ oracle, tested map[string]harness.Transcript }

// differ returns how the two sides of a cell differ, but for what is known, and what is wrong whatever nginx does.
func (p *played) differ(c cell, proto *protocol, known *harness.Differences) []string {
	left := known.Unexplained("faults-"+proto.name, c.uri(), harness.Diff(p.oracle[c.uri()], p.tested[c.uri()]))
	return append(left, c.wrong(proto, p.tested[c.uri()])...)
}

// plays numbers the folders of servers.
var plays atomic.Int64

// playBoth plays cells on both servers at once.
func playBoth(t *testing.T, name string, proto *protocol, cells []cell, hole string, unit time.Duration) *played {
	t.Helper()
	both := &played{}
	name = fmt.Sprintf("%s-%d", name, plays.Add(1))
	var wait sync.WaitGroup
	var errs [2]error
	wait.Go(func() { both.oracle, errs[0] = play(t.Context(), name+"-oracle", lab.Oracle, proto, cells, hole, unit) })
	wait.Go(func() { both.tested, errs[1] = play(t.Context(), name+"-tested", lab.Tested, proto, cells, hole, unit) })
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return both
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
