package harness

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

// A Difference is a line in which the server under test may differ from the oracle, with the reason.
type Difference struct {
	// Case and Request are names; a * in them stands for anything.
	Case, Request string
	// Oracle and Tested are the lines of the two transcripts; a * stands for anything, empty for no line.
	Oracle, Tested string
	// Since is the version of nginx that brought the change, or `sluice` for a decision of this project's own; with a
	// version behind it, one about what nginx has done since then.
	Since string
	// Reason says what changed or why we differ; it may point to an ADR.
	Reason string

	used bool
}

// Differences are all the accepted ones, from the table in a Markdown file. Of two rows that fit a line the first counts.
type Differences struct {
	mu   sync.Mutex
	rows []Difference
	path string
}

// ReadDifferences reads the table: every line of the file that begins with `| ` and has six cells, after the heading.
func ReadDifferences(name string) (*Differences, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	d := &Differences{path: name}
	for line := range bytes.Lines(text) {
		row, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "| ")
		if !ok {
			continue
		}
		cells := splitRow(row)
		if len(cells) != 6 || cells[0] == "Case" || strings.HasPrefix(cells[0], "---") {
			continue
		}
		d.rows = append(d.rows, Difference{Case: cells[0], Request: cells[1], Oracle: cells[2], Tested: cells[3], Since: cells[4], Reason: cells[5]})
	}
	return d, nil
}

// Since keeps only the rows that count for an oracle of this version: what came after it, and decisions of this project.
func (d *Differences) Since(oracle string) {
	d.rows = slices.DeleteFunc(d.rows, func(row Difference) bool {
		if about, own := strings.CutPrefix(row.Since, "sluice"); own {
			return Older(oracle, strings.TrimSpace(about))
		}
		return !Older(oracle, row.Since)
	})
}

// Older tells whether version a is less than b, both as 1.22.1.
func Older(a, b string) bool {
	numbers := func(v string) (n [3]int) {
		_, _ = fmt.Sscanf(v, "%d.%d.%d", &n[0], &n[1], &n[2]) // what is missing is 0
		return n
	}
	x, y := numbers(a), numbers(b)
	return slices.Compare(x[:], y[:]) < 0
}

// splitRow splits a table row after its first bar; \| is a bar in a cell, backticks around a cell are taken off.
func splitRow(row string) []string {
	row = strings.ReplaceAll(strings.TrimSuffix(row, "|"), `\|`, "\x00")
	cells := strings.Split(row, "|")
	for i, c := range cells {
		c = strings.ReplaceAll(strings.TrimSpace(c), "\x00", "|")
		if inner, ok := strings.CutPrefix(c, "`"); ok {
			c = strings.TrimSuffix(inner, "`")
		}
		cells[i] = c
	}
	return cells
}

// Unexplained returns the lines of a Diff that no accepted difference covers, and marks those that do as used. A row of
// two status lines covers all of the response: with another status, everything else is another, too.
func (d *Differences) Unexplained(caseName, request string, diff []string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var left []string
	if before, after := statusLines(diff); before != "" && d.pair(caseName, request, before, after) {
		return nil
	}
	for _, line := range diff {
		if !d.explained(caseName, request, line) {
			left = append(left, line)
		}
	}
	return left
}

// explained marks every row that covers the line: a wide row does not make a narrow one useless.
func (d *Differences) explained(caseName, request, line string) (found bool) {
	for i := range d.rows {
		row := &d.rows[i]
		want := row.Tested
		if line[0] == '-' {
			want = row.Oracle
		}
		if want == "" || !row.IsAbout(caseName, request) || !match(want, line[1:]) {
			continue
		}
		row.used, found = true, true
	}
	return found
}

// statusLines returns the status lines of a Diff, if there is one on each side.
func statusLines(diff []string) (before, after string) {
	for _, line := range diff {
		switch {
		case before == "" && strings.HasPrefix(line, "-HTTP/"):
			before = line[1:]
		case after == "" && strings.HasPrefix(line, "+HTTP/"):
			after = line[1:]
		}
	}
	if after == "" {
		return "", ""
	}
	return before, after
}

// pair tells whether one row has both lines.
func (d *Differences) pair(caseName, request, before, after string) bool {
	for i := range d.rows {
		row := &d.rows[i]
		if row.IsAbout(caseName, request) && match(row.Oracle, before) && match(row.Tested, after) {
			row.used = true
			return true
		}
	}
	return false
}

// IsAbout tells whether the row is about what a case, or a request of it, looks like.
func (row *Difference) IsAbout(caseName, request string) bool {
	return match(row.Case, caseName) && match(row.Request, request)
}

// Unused returns the accepted differences that explained nothing since the table was read, and so no longer exist. Of those
// that expect says no to, nothing was to be seen.
func (d *Differences) Unused(expect func(Difference) bool) []Difference {
	d.mu.Lock()
	defer d.mu.Unlock()
	var unused []Difference
	for _, row := range d.rows {
		if !row.used && expect(row) {
			unused = append(unused, row)
		}
	}
	return unused
}

// Record adds rows for the lines of a diff to the end of the file: what stood in the oracle's transcript and what stands
// in its place. Since and reason are for a person to refine.
func (d *Differences) Record(caseName, request string, diff []string, since string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, err := os.OpenFile(d.path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if before, after := statusLines(diff); before != "" {
		diff = []string{"-" + before, "+" + after}
	}
	for len(diff) > 0 {
		oracle, tested := "", ""
		if diff[0][0] == '-' {
			oracle, diff = diff[0][1:], diff[1:]
		}
		if len(diff) > 0 && diff[0][0] == '+' {
			tested, diff = diff[0][1:], diff[1:]
		}
		_, err = fmt.Fprintf(f, "| %s | %s | %s | %s | %s | |\n", cell(caseName), cell(request), cell(oracle), cell(tested), since)
		if err != nil {
			_ = f.Close()
			return err
		}
	}
	return f.Close()
}

func cell(s string) string {
	if s == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(s, "|", `\|`) + "`"
}

// match tells whether s is what pattern says; * in pattern stands for anything.
func match(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, p := range parts[1:last] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[last])
}
