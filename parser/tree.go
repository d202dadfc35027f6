package parser

import (
	"strconv"

	"github.com/tufanbarisyildirim/gonginx/config"
)

// Pos is a place in a file.
type Pos struct {
	Line   int // 1-based; only LF ends a line
	Col    int // 1-based, in bytes
	Offset int // 0-based, in bytes
}

// Arg is one word of a statement. Its strings share the memory of the file's text.
type Arg struct {
	// Raw is the text as it stands in the file, quotes included.
	Raw string
	// Value is what nginx makes of it: without the quotes, and with
	// \" \' \\ \t \r \n resolved; a backslash before any other byte stays.
	Value string
	// Quote is the quote the word stands in, '"' or '\'', or 0.
	Quote byte
	// Start is the place of the first byte, End the place behind the last one.
	Start, End Pos
}

// Comment is the text of a comment from "#" on, without the white space at its end.
type Comment struct {
	Text string
	Pos  Pos // of the "#"
}

// Comments are the comments that belong to a statement.
type Comments struct {
	Before []Comment // on lines of their own, above the statement
	Inside []Comment // between the first word and the ";" or "{"
	After  Comment   // behind the ";" or "{", on its line; empty Text: none
	Last   []Comment // on lines of their own, above the "}"
	End    Comment   // behind the "}", on its line; empty Text: none
}

// Directive is one statement, or, when Err is set, the place where the file
// stopped making sense. nginx accepts a block behind any name when it reads;
// whether the directive takes one is for the caller to say.
//
// A tree may be read by several goroutines at once. Only the Set methods, which
// exist for gonginx, change it.
type Directive struct {
	// Name is the first word. Its Value may be empty (`"";` is a statement).
	Name Arg
	// Args are the other words.
	Args []Arg
	// File is the file that the statement stands in.
	File *File
	// Line is the line that nginx reports for the statement: that of the
	// terminating ";" or "{".
	Line int
	// IsBlock tells a block, even an empty one, from a simple statement.
	IsBlock bool
	// Block holds the statements between the braces, in reading order.
	Block []*Directive
	// EndLine is the line of the closing "}", or, where that is missing, of the
	// end of the file; 0 for a simple statement.
	EndLine int
	// Err is the syntax error found at this point; all other fields but File
	// and Line are then empty.
	Err *Error
	// Comments is nil when the statement has none.
	Comments *Comments

	parent config.IDirective
}

// Error is a syntax error.
type Error struct {
	// Msg is nginx's text, without the location.
	Msg string
	// File is the file that holds the error.
	File *File
	// Line is the line that nginx reports: where its reading had come to or, for
	// a word that is too long, where the word begins.
	Line int
	// Pos is the place where reading stopped making sense.
	Pos Pos
	// Opened is where the quoted word or the block begins whose end is missing;
	// zero for other errors.
	Opened Pos
}

// Error returns the text with the location that nginx puts behind it.
func (e *Error) Error() string { return e.Msg + e.File.At(e.Line) }

// File is a parsed file, or the parsed value of the -g option.
type File struct {
	// Path is the name under which the file was opened; empty for -g.
	Path string
	// Data is the text that was parsed. It must not be changed.
	Data []byte
	// Body holds the statements outside of all blocks, in reading order.
	Body []*Directive
	// Comments are those behind the last statement.
	Comments []Comment
	// IncludedBy is the include statement that led here; nil for the main file
	// and for -g. The loader of the file sets it, see [File.Cycle].
	IncludedBy *Directive
	// Param is set when this is the value of -g.
	Param bool

	errs  []*Error
	depth int // nesting of the deepest block
}

// Errors returns the syntax errors of the file, in reading order. The first is
// the one that nginx would report if all directives before it were in order.
func (f *File) Errors() []*Error { return f.errs }

// At returns the location as nginx appends it to a message about the file:
// " in /etc/nginx/nginx.conf:3", or " in command line".
func (f *File) At(line int) string {
	if f.Param {
		return " in command line"
	}
	return " in " + f.Path + ":" + strconv.Itoa(line)
}

// Cycle reports whether path is f itself or one of the files that f was included
// from, so that including it from f would not end. nginx has no such check and
// runs out of descriptors. It compares names: names of included files are
// relative to one fixed folder, so a cycle comes back to the same name.
func (f *File) Cycle(path string) bool {
	for f.Path != path || f.Param {
		if f.IncludedBy == nil {
			return false
		}
		f = f.IncludedBy.File
	}
	return true
}
