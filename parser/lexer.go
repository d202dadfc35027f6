package parser

import "strings"

// bufferSize is the size of the buffer that nginx reads a file through.
const bufferSize = 4096

// token is what the lexer found.
type token uint8

const (
	tokenWord  token = iota // lexer.word holds it
	tokenEnd                // ;
	tokenOpen               // {
	tokenClose              // }
	tokenEOF                // the end, or the place where reading had to be given up
)

// lexer splits a text into words and delimiters. It reports errors through errs
// and goes on.
type lexer struct {
	src     string
	limited bool // the 4096-byte rule holds

	pos  int // offset of the next byte
	line int // 1-based line of pos
	bol  int // offset of that line's first byte

	// start is the offset that nginx's buffer begins with at its next refill,
	// at is the place of it.
	start int
	at    Pos

	word       Arg       // the last word
	afterQuote bool      // word was quoted, and nothing has been read since
	unfinished bool      // the text ended within a word
	gaveUp     bool      // the rest of the text was skipped, an error says why
	broken     bool      // the words of the statement at hand are guesswork
	comments   []Comment // those skipped since the caller last took them
	errs       []*Error  // those found since the caller last took them
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// here returns the place of the next byte.
func (l *lexer) here() Pos { return Pos{Line: l.line, Col: l.pos - l.bol + 1, Offset: l.pos} }

// mark makes the next byte the one that nginx's buffer must hold on to.
func (l *lexer) mark() { l.start, l.at = l.pos, l.here() }

// newline notes that the byte at offset i is a LF.
func (l *lexer) newline(i int) { l.line, l.bol = l.line+1, i+1 }

// fail records an error at the next byte.
func (l *lexer) fail(msg string) *Error {
	e := &Error{Msg: msg, Line: l.line, Pos: l.here()}
	l.errs = append(l.errs, e)
	return e
}

// limit returns the offset of the first byte that must not be looked at while
// start stays where it is, and whether that is for the 4096-byte rule.
func (l *lexer) limit() (int, bool) {
	if l.limited && len(l.src)-l.start > bufferSize {
		return l.start + bufferSize, true
	}
	return len(l.src), false
}

// checkLimit reports the word or comment at start if nginx's buffer is full of
// it before the next byte is read.
func (l *lexer) checkLimit() {
	if end, rule := l.limit(); rule && l.pos >= end {
		l.tooLong(0)
		l.mark()
	}
}

// tooLong reports the word or comment at start as breaking the 4096-byte rule;
// quote is the one that is still open, or 0.
func (l *lexer) tooLong(quote byte) {
	if quote == 0 {
		e := l.fail(`too long parameter "` + l.src[l.start:l.start+10] + `..." started`)
		e.Line, e.Pos = l.at.Line, l.at
		return
	}
	e := l.fail(`too long parameter, probably missing terminating "` + string(rune(quote)) + `" character`)
	e.Line, e.Pos, e.Opened = l.at.Line, l.at, l.word.Start
	l.giveUp()
}

// giveUp skips the rest of the text.
func (l *lexer) giveUp() {
	for i := l.pos; i < len(l.src); i++ {
		if l.src[i] == '\n' {
			l.newline(i)
		}
	}
	l.pos = len(l.src)
	l.gaveUp = true
}

// next reads up to the end of the next word or delimiter.
func (l *lexer) next() token {
	if l.afterQuote {
		l.gap()
	}
	for l.pos < len(l.src) {
		l.checkLimit()
		switch c := l.src[l.pos]; c {
		case ' ', '\t', '\r', '\n':
			l.start = l.pos
			l.space(c)
		case '#':
			l.comment()
		case ';':
			return l.delimiter(tokenEnd)
		case '{':
			return l.delimiter(tokenOpen)
		case '}':
			return l.delimiter(tokenClose)
		case '"', '\'':
			return l.quoted(c)
		default:
			return l.bare()
		}
	}
	return tokenEOF
}

// delimiter takes a byte that ends a statement. nginx reads the next one anew.
func (l *lexer) delimiter(t token) token {
	l.pos++
	l.start = l.pos
	return t
}

// gap looks at the byte behind a quoted word: white space, a delimiter, or the
// ")" of an if condition, which begins the next word.
func (l *lexer) gap() {
	l.afterQuote = false
	if l.pos == len(l.src) {
		return
	}
	l.checkLimit()
	switch c := l.src[l.pos]; c {
	case ' ', '\t', '\r', '\n':
		l.space(c)
	case ';', '{', ')':
	case '}': // the statement lacks its ";", and the caller says so
	default:
		_ = l.fail(`unexpected "` + l.src[l.pos:l.pos+1] + `"`)
		l.broken = true
	}
}

// space skips the next byte, c, which is white space.
func (l *lexer) space(c byte) {
	if c == '\n' {
		l.newline(l.pos)
	}
	l.pos++
}

// comment skips the comment that begins at the next byte, without its LF.
func (l *lexer) comment() {
	l.mark()
	end := strings.IndexByte(l.src[l.pos:], '\n')
	if end < 0 {
		end = len(l.src)
	} else {
		end += l.pos
	}
	l.comments = append(l.comments, Comment{
		Text: strings.TrimRight(l.src[l.pos:end], " \t\r"),
		Pos:  l.at,
	})

	if limit, rule := l.limit(); rule && end >= limit {
		l.tooLong(0)
	}
	l.pos = end
	l.start = l.pos
}

// bare reads a word without quotes. It ends before white space, ";" or "{"; a
// "{" right behind "$" belongs to it, and so does any byte behind a backslash.
func (l *lexer) bare() token {
	l.mark()
	var (
		src         = l.src
		begin       = l.at
		end, rule   = l.limit()
		i           = l.pos
		escaped     bool
		hasEscapes  bool
		inParameter bool // behind "$" and any "{" that follow it
		told        bool // the word broke the 4096-byte rule
	)
loop:
	for ; ; i++ {
		if i >= end {
			if !rule {
				l.pos, l.unfinished = i, true
				return tokenEOF
			}
			l.tooLong(0)
			l.broken, told = true, true
			end, rule = len(src), false
		}
		c := src[i]
		if escaped {
			escaped = false
			if c == '\n' {
				l.newline(i)
			}
			continue
		}
		switch c {
		case '\\':
			escaped, hasEscapes, inParameter = true, true, false
		case '$':
			inParameter = true
		case '{':
			if !inParameter {
				break loop
			}
		case ' ', '\t', '\r', '\n', ';':
			break loop
		default:
			inParameter = false
		}
	}
	l.pos = i
	l.word = Arg{Raw: src[begin.Offset:i], Start: begin, End: l.here()}
	l.word.Value = l.word.Raw
	if hasEscapes {
		l.word.Value = unescape(l.word.Raw)
	}
	if told {
		l.start = i
	}
	if c := src[i]; isSpace(c) { // read while the buffer still holds the word
		l.space(c)
	}
	return tokenWord
}

// quoted reads a word in quotes. It ends with the same quote, if no backslash
// stands before it.
func (l *lexer) quoted(quote byte) token {
	begin := l.here()
	l.word = Arg{Quote: quote, Start: begin}
	l.pos++
	l.mark()
	var (
		src        = l.src
		end, rule  = l.limit()
		i          = l.pos
		hasEscapes bool
	)
	for ; i < end && src[i] != quote; i++ {
		if src[i] == '\\' {
			hasEscapes = true
			if i++; i == end {
				break
			}
		}
		if src[i] == '\n' {
			l.newline(i)
		}
	}
	if i >= end {
		l.pos = end
		if rule {
			l.tooLong(quote)
		} else {
			l.unfinished = true
		}
		return tokenEOF
	}
	l.pos = i + 1
	l.word = Arg{Raw: src[begin.Offset:l.pos], Value: src[begin.Offset+1 : i], Quote: quote, Start: begin, End: l.here()}
	if hasEscapes {
		l.word.Value = unescape(l.word.Value)
	}
	l.afterQuote = true
	return tokenWord
}

// unescape resolves the escapes that nginx's tokenizer resolves. A backslash
// before any other byte stays in the value.
func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			switch s[i+1] {
			case '"', '\'', '\\':
				i++
				c = s[i]
			case 't':
				i++
				c = '\t'
			case 'r':
				i++
				c = '\r'
			case 'n':
				i++
				c = '\n'
			}
		}
		b = append(b, c)
	}
	return string(b)
}
