package check

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// JSON writes the report as one object; docs/check.md describes it.
func (r *Report) JSON(w io.Writer) error {
	problems := make([]Problem, len(r.Problems))
	for i, p := range r.Problems {
		p.Allowed, p.Suggestions = list(p.Allowed), list(p.Suggestions)
		problems[i] = p
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		File     string    `json:"file"`
		Files    []string  `json:"files"`
		Errors   int       `json:"errors"`
		Warnings int       `json:"warnings"`
		More     bool      `json:"more"`
		Problems []Problem `json:"problems"`
	}{r.Main, list(r.Files), r.Count(Error), r.Count(Warning), r.More, problems})
}

// list makes the empty list of none: consumers of JSON tell null from it.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// Text writes the report as text.
func (r *Report) Text(out io.Writer) error {
	w := bufio.NewWriter(out)
	for i := range r.Problems {
		r.Problems[i].text(w)
	}
	if r.More {
		fmt.Fprintf(w, "... and more\n\n")
	}
	errors, warnings := r.Count(Error), r.Count(Warning)
	if errors+warnings == 0 {
		fmt.Fprintf(w, "%s: nothing wrong in %s\n", r.Main, plural(len(r.Files), "file"))
	} else {
		fmt.Fprintf(w, "%s, %s in %s\n", plural(errors, "error"), plural(warnings, "warning"), plural(len(r.Files), "file"))
	}
	return w.Flush()
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return itoa(n) + " " + what + "s"
}

func (p *Problem) text(w *bufio.Writer) {
	p.Show(w, string(p.Severity)+": "+p.Message)
	note := func(label, text string) {
		if text != "" {
			p.Note(w, label+": "+text)
		}
	}
	note("allowed", strings.Join(p.Allowed, ", "))
	note("did you mean", strings.Join(p.Suggestions, ", "))
	note("hint", p.Hint)
	_ = w.WriteByte('\n') // Flush tells
}
