package check

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
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
		Problems []Problem `json:"problems"`
	}{r.Main, list(r.Files), r.Count(Error), r.Count(Warning), problems})
}

// list makes the empty list of none: consumers of JSON tell null from it.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// Text writes the report for a person.
func (r *Report) Text(out io.Writer) error {
	w := bufio.NewWriter(out)
	for i := range r.Problems {
		r.Problems[i].text(w)
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
	if p.Line > 0 {
		name := p.File
		if name == "" {
			name = "-g"
		}
		fmt.Fprintf(w, "%s:%d:%d: ", name, p.Line, p.Column)
	}
	fmt.Fprintf(w, "%s: %s\n", p.Severity, Visible(p.Message))
	gutter := strings.Repeat(" ", max(len(itoa(p.Line)), 4))
	if p.Line > 0 {
		source, caret := Excerpt(p.Source, p.start, p.width)
		fmt.Fprintf(w, "%*d | %s\n%s | %s\n", len(gutter), p.Line, source, gutter, caret)
	}
	note := func(label, text string) {
		if text != "" {
			fmt.Fprintf(w, "%s = %s: %s\n", gutter, label, Visible(text))
		}
	}
	note("allowed", strings.Join(p.Allowed, ", "))
	note("did you mean", strings.Join(p.Suggestions, ", "))
	note("hint", p.Hint)
	_ = w.WriteByte('\n') // Flush tells
}

// maxExcerpt is how many characters of a line are shown, about as much as a
// terminal takes.
const maxExcerpt = 120

// Excerpt cuts a line of a file to what can be shown, and draws a caret under
// the width bytes from start on. A tab stays one in both, so that they align
// wherever the tab stops are; other control characters become visible.
func Excerpt(line string, start, width int) (source, caret string) {
	start = min(start, len(line))
	end := min(start+width, len(line))
	from, to := 0, len(line)
	if utf8.RuneCountInString(line[:end]) > maxExcerpt {
		from = back(line, start, maxExcerpt/4)
	}
	if utf8.RuneCountInString(line[from:]) > maxExcerpt {
		to = forth(line, from, maxExcerpt)
	}
	end = min(end, to)
	var src, mark strings.Builder
	if from > 0 {
		src.WriteString("...")
		mark.WriteString("   ")
	}
	for i, c := range line[from:to] {
		i += from
		shown := visible(c)
		src.WriteString(shown)
		sign := " "
		switch {
		case i >= start && i < end:
			sign = "^"
		case i >= end:
			continue
		case c == '\t':
			mark.WriteByte('\t')
			continue
		}
		mark.WriteString(strings.Repeat(sign, columns(shown)))
	}
	if to < len(line) {
		src.WriteString("...")
	}
	if end <= start {
		mark.WriteByte('^')
	}
	return src.String(), mark.String()
}

// back is the offset n characters before offset i.
func back(s string, i, n int) int {
	for ; n > 0 && i > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
	}
	return i
}

// forth is the offset n characters behind offset i.
func forth(s string, i, n int) int {
	for ; n > 0 && i < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}

// Visible replaces what would control a terminal.
func Visible(s string) string {
	var b strings.Builder
	for _, c := range s {
		b.WriteString(visible(c))
	}
	return b.String()
}

func visible(c rune) string {
	switch {
	case c == '\t':
		return "\t"
	case c < ' ' || c == 0x7f:
		return "\u00b7"
	case unicode.Is(unicode.Cf, c) || unicode.Is(unicode.Cc, c):
		return fmt.Sprintf("<%04X>", c) // a byte order mark, a change of direction
	}
	return string(c)
}

// columns is how many columns of a terminal a text takes.
func columns(s string) (n int) {
	for _, c := range s {
		switch {
		case unicode.In(c, unicode.Mn, unicode.Me):
		case wide(c):
			n += 2
		default:
			n++
		}
	}
	return n
}

// wide reports whether a character takes two columns: East Asian scripts, emoji.
func wide(c rune) bool {
	switch {
	case c < 0x1100:
		return false
	case c <= 0x115f, c >= 0x2e80 && c <= 0xa4cf, c >= 0xac00 && c <= 0xd7a3, c >= 0xf900 && c <= 0xfaff,
		c >= 0xfe30 && c <= 0xfe6f, c >= 0xff00 && c <= 0xff60, c >= 0xffe0 && c <= 0xffe6,
		c >= 0x1f300 && c <= 0x1f64f, c >= 0x1f900 && c <= 0x1f9ff, c >= 0x20000 && c <= 0x3fffd:
		return true
	}
	return false
}
