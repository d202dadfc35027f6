package lint

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
)

// Report is what was found in some configurations.
type Report struct {
	Files    []string  // the main files
	Errors   []string  // why some of them cannot be judged
	Findings []Finding // in the order of files, each in reading order
}

// Count returns how many findings have a severity.
func (r *Report) Count(s Severity) (n int) {
	for i := range r.Findings {
		if r.Findings[i].Severity == s {
			n++
		}
	}
	return n
}

// Worst returns the highest severity there is, -1 without findings.
func (r *Report) Worst() Severity {
	worst := Severity(-1)
	for i := range r.Findings {
		worst = max(worst, r.Findings[i].Severity)
	}
	return worst
}

// JSON writes the report as one object; docs/lint.md describes it.
func (r *Report) JSON(w io.Writer) error {
	texts := map[string]string{}
	for _, rule := range Rules() {
		texts[rule.Name] = rule.Text
	}
	type finding struct {
		Finding
		Explanation string `json:"explanation"`
	}
	findings := []finding{}
	for _, f := range r.Findings {
		findings = append(findings, finding{f, texts[f.Rule]})
	}
	counts := map[string]int{}
	for s := Info; s <= High; s++ {
		counts[s.String()] = r.Count(s)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Files    []string       `json:"files"`
		Errors   []string       `json:"errors"`
		Counts   map[string]int `json:"counts"`
		Findings []finding      `json:"findings"`
	}{append([]string{}, r.Files...), append([]string{}, r.Errors...), counts, findings})
}

// Text writes the findings as text.
func (r *Report) Text(out io.Writer) error {
	w := bufio.NewWriter(out)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Show(w, f.Severity.String()+": "+f.Rule+": "+f.Message)
		_ = w.WriteByte('\n') // Flush tells
	}
	var counts []string
	for s := High; s >= Info; s-- {
		if n := r.Count(s); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, s))
		}
	}
	switch {
	case len(counts) > 0:
		fmt.Fprintf(w, "found: %s (sluice lint -explain RULE tells more)\n", strings.Join(counts, ", "))
	case len(r.Errors) == 0:
		fmt.Fprintf(w, "%s: nothing found\n", strings.Join(r.Files, ", "))
	}
	return w.Flush()
}

// Explain writes what there is to say about a rule.
func Explain(w io.Writer, name string) error {
	for _, r := range Rules() {
		if r.Name != name {
			continue
		}
		_, err := fmt.Fprintf(w, "%s (%s)\n\n%s\n\nFound in:\n\n%s\n", r.Name, r.state(), wrap(r.Text, 100), indent(lay(r.Bad)))
		if err == nil && r.Good != "" {
			_, err = fmt.Fprintf(w, "\nNot in:\n\n%s\n", indent(lay(r.Good)))
		}
		return err
	}
	return unknownRule(name)
}

func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }

// wrap breaks a text into lines of at most so many bytes.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i > 0 && column+1+len(word) > width:
			b.WriteByte('\n')
			column = 0
		case i > 0:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// Markdown writes the part of docs/lint.md that is made of the rules.
func Markdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "| rule | severity |\n|---|---|\n")
	for _, r := range Rules() {
		fmt.Fprintf(b, "| [%s](#%s) | %s |\n", r.Name, r.Name, r.state())
	}
	for _, r := range Rules() {
		text := wrap("*"+r.state()+".* "+strings.ReplaceAll(r.Text, "<", "\\<"), 120)
		fmt.Fprintf(b, "\n### %s\n\n%s\n\n```nginx\n%s\n```\n", r.Name, text, lay(r.Bad))
		if r.Good != "" {
			fmt.Fprintf(b, "\nInstead:\n\n```nginx\n%s\n```\n", lay(r.Good))
		}
	}
	return b.Flush()
}

func (r *Rule) state() string {
	if r.Off {
		return r.Severity.String() + ", off by default"
	}
	return r.Severity.String()
}

// lay lays out an example as sluice fmt does.
func lay(text string) string {
	out, err := parser.Format(parser.Parse("", []byte(text)))
	if err != nil {
		return text
	}
	return strings.TrimRight(string(out), "\n")
}
