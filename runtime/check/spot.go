package check

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sluiceproxy/sluice/parser"
)

// Place is a position in a file.
type Place struct {
	Line   int `json:"line"`   // 1-based
	Column int `json:"column"` // 1-based, in characters
}

// Spot is a part of a file as it is shown in a report.
type Spot struct {
	// File is the file's name as nginx would print it; "" for the value of -g.
	File string `json:"file"`
	// Line and Column are where it begins, 1-based, the column in characters.
	Line   int `json:"line"`
	Column int `json:"column"`
	// End is behind its last character.
	End Place `json:"end"`
	// Source is the line of the file that it begins in; of a long one, the part
	// around it.
	Source string `json:"source"`

	start, width int // of the caret within Source, in bytes
}

// maxSource is how many bytes of a line Source holds.
const maxSource = 1000

// NewSpot returns the part of f from the byte start to the byte before end.
func NewSpot(f *parser.File, start, end int) Spot {
	data := f.Data
	start = min(start, len(data))
	end = min(max(end, start), len(data))
	bol := bytes.LastIndexByte(data[:start], '\n') + 1
	endBol := bytes.LastIndexByte(data[:end], '\n') + 1
	line := data[bol:]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	line = bytes.TrimRight(line, "\r")
	s := Spot{File: f.Path, Line: bytes.Count(data[:bol], []byte("\n")) + 1, Column: utf8.RuneCount(data[bol:start]) + 1}
	s.End = Place{s.Line + bytes.Count(data[bol:endBol], []byte("\n")), utf8.RuneCount(data[endBol:end]) + 1}
	from, to := min(start-bol, len(line)), min(end-bol, len(line))
	if len(line) > maxSource {
		cut := max(from-maxSource/4, 0)
		line = line[cut:min(cut+maxSource, len(line))]
		from, to = from-cut, min(to-cut, len(line))
	}
	s.Source = strings.ToValidUTF8(string(line), "\ufffd")
	s.start = min(len(strings.ToValidUTF8(string(line[:from]), "\ufffd")), len(s.Source))
	s.width = max(to-from, 0)
	return s
}

// Show writes a message with the place, the line and a caret. A Spot without a
// line leaves the message alone.
func (s *Spot) Show(w io.Writer, message string) {
	if s.Line == 0 {
		fmt.Fprintf(w, "%s\n", Visible(message))
		return
	}
	name := s.File
	if name == "" {
		name = "-g"
	}
	gutter := s.gutter()
	source, caret := Excerpt(s.Source, s.start, s.width)
	fmt.Fprintf(w, "%s:%d:%d: %s\n", name, s.Line, s.Column, Visible(message))
	fmt.Fprintf(w, "%*d | %s\n%s | %s\n", len(gutter), s.Line, source, gutter, caret)
}

// Note writes a remark below what Show has written.
func (s *Spot) Note(w io.Writer, text string) {
	fmt.Fprintf(w, "%s = %s\n", s.gutter(), Visible(text))
}

// gutter is as wide as the number of the line.
func (s *Spot) gutter() string { return strings.Repeat(" ", max(len(itoa(s.Line)), 4)) }

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
