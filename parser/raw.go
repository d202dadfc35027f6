package parser

import (
	"bytes"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
)

// rawSuffix ends the names of directives whose block is a program in another
// language. nginx itself has none; OpenResty and its modules do.
const rawSuffix = "_by_lua_block"

// rawText is a text whose programs were put aside, so that the rest can be read
// as a configuration.
type rawText struct {
	data  []byte
	name  string   // begins the names of the statements that stand for programs
	parts []string // the programs, between their braces
}

// putAside replaces each program of a text by one statement that has as many
// lines. It returns nil for a text without programs.
func putAside(text string) *rawText {
	if !strings.Contains(text, rawSuffix) {
		return nil
	}
	r := &rawText{name: newName(text)}
	l := lexer{src: text, line: 1}
	first, from := "", 0
	for {
		t := l.next()
		if t == tokenEOF {
			break
		}
		switch {
		case t == tokenWord && first == "":
			first = l.word.Raw
		case t == tokenOpen && strings.HasSuffix(first, rawSuffix):
			end, ok := luaEnd(text, l.pos)
			if !ok {
				return nil // nothing in there makes sense
			}
			program := text[l.pos:end]
			r.data = append(r.data, text[from:l.pos]...)
			r.data = append(r.data, r.name+strconv.Itoa(len(r.parts))+";"+strings.Repeat("\n", strings.Count(program, "\n"))...)
			r.parts = append(r.parts, program)
			l.pos, l.start, from = end, end, end
			first = ""
		}
		if t != tokenWord {
			first = ""
		}
	}
	if r.parts == nil {
		return nil
	}
	r.data = append(r.data, text[from:]...)
	return r
}

// newName returns a name that does not occur in a text.
func newName(text string) string {
	h := fnv.New64a()
	for {
		_, _ = io.WriteString(h, text) // never fails
		if name := "raw_" + strconv.FormatUint(h.Sum64(), 36) + "_"; !strings.Contains(text, name) {
			return name
		}
	}
}

// restore puts the programs back into the formatted text.
func (r *rawText) restore(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i, program := range r.parts {
		before, after, _ := bytes.Cut(text, []byte(r.name+strconv.Itoa(i)+";"))
		out = append(out, bytes.TrimRight(before, " \n")...)
		out = append(out, program...)
		text = bytes.TrimLeft(after, " \n")
	}
	return append(out, text...)
}

// luaEnd finds the "}" that closes a block of Lua, from offset i on. Braces in
// strings and comments do not count.
func luaEnd(text string, i int) (end int, ok bool) {
	depth := 0
	for i < len(text) {
		switch c := text[i]; {
		case c == '}' && depth == 0:
			return i, true
		case c == '}':
			depth--
		case c == '{':
			depth++
		case c == '"' || c == '\'':
			i = luaString(text, i)
			continue
		case c == '-' && strings.HasPrefix(text[i:], "--"):
			if next, ok := luaLong(text, i+2); ok {
				i = next
				continue
			}
			n := strings.IndexByte(text[i:], '\n')
			if n < 0 {
				return 0, false
			}
			i += n
			continue
		case c == '[':
			if next, ok := luaLong(text, i); ok {
				i = next
				continue
			}
		}
		i++
	}
	return 0, false
}

// luaString returns the offset behind the string that begins at offset i.
func luaString(text string, i int) int {
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case text[i], '\n':
			return j + 1
		}
	}
	return len(text)
}

// luaLong returns the offset behind the long bracket, [[...]] or [=[...]=], that
// begins at offset i, if one does.
func luaLong(text string, i int) (next int, ok bool) {
	level := 0
	rest, ok := strings.CutPrefix(text[i:], "[")
	for strings.HasPrefix(rest[level:], "=") {
		level++
	}
	if !ok || !strings.HasPrefix(rest[level:], "[") {
		return 0, false
	}
	end := strings.Index(rest, "]"+strings.Repeat("=", level)+"]")
	if end < 0 {
		return len(text), true
	}
	return i + 1 + end + level + 2, true
}
