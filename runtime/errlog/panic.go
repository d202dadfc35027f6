package errlog

import (
	"fmt"
	"path"
	"runtime"
	"strings"
)

// maxPanicFrames bounds the stack in the line about a panic.
const maxPanicFrames = 40

// Panic describes a panic and its stack in one line, the innermost call first.
// It is called with what recover returned, by the function that called it.
func Panic(value any) string {
	var pcs [maxPanicFrames]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	var b strings.Builder
	b.WriteString("panic: ")
	b.WriteString(strings.Map(printable, fmt.Sprint(value)))
	sep := " at "
	for {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") {
			fmt.Fprintf(&b, "%s%s %s:%d", sep, path.Base(f.Function), path.Base(f.File), f.Line)
			sep = " < "
		}
		if !more {
			return b.String()
		}
	}
}

// printable keeps a record in one line.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}
