package regex

import "encoding/binary"

// lowered maps every byte to its lower case; it is never written to.
var lowered = func() (t [256]byte) {
	for i := range t {
		t[i] = lowerCase(byte(i))
	}
	return t
}()

// hasFoldPrefix reports whether s begins with lower, which is lower case, in any case.
func hasFoldPrefix(s []byte, lower string) bool {
	if len(s) < len(lower) {
		return false
	}
	for i := 0; i < len(lower); i++ {
		if lowered[s[i]] != lower[i] {
			return false
		}
	}
	return true
}

// lowerString returns s in lower case, ASCII only.
func lowerString(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lowerCase(c)
	}
	return string(b)
}

// literals is a set of strings, in the order in which the pattern prefers them.
type literals struct {
	texts []string // lower case if fold
	fold  bool
	words []word // the ends of texts that are compared; see aim
}

// word is up to eight bytes of a text, the way a subject's first or last eight bytes are loaded: x of the subject
// agrees if (x|or)&mask == want. Where the case of a letter does not matter, or has the bit in which they differ.
type word struct{ or, mask, want uint64 }

// newLiterals makes a set of texts; nil texts stay a set that is not known.
func newLiterals(texts []string, fold bool) literals {
	if fold {
		low := make([]string, len(texts))
		for i, t := range texts {
			low[i] = lowerString(t)
		}
		texts = low
	}
	return literals{texts: texts, fold: fold}
}

// known reports whether the set says something: it is neither unknown nor does it contain the empty text.
func (l *literals) known() bool {
	for _, t := range l.texts {
		if t == "" {
			return false
		}
	}
	return len(l.texts) > 0
}

// aim prepares l for atStart, or with end for atEnd.
func (l *literals) aim(end bool) {
	l.words = make([]word, len(l.texts))
	for i, t := range l.texts {
		w := &l.words[i]
		if end && len(t) > 8 {
			t = t[len(t)-8:]
		}
		for j := 0; j < min(len(t), 8); j++ {
			shift := 8 * j
			if end {
				shift += 8 * (8 - len(t))
			}
			w.mask |= 0xff << shift
			w.want |= uint64(t[j]) << shift
			if l.fold && isLetter(t[j]) {
				w.or |= 0x20 << shift
			}
		}
	}
}

// firstWord loads the first eight bytes of s, fewer with zeros behind them.
func firstWord(s []byte) (w uint64) {
	if len(s) >= 8 {
		return binary.LittleEndian.Uint64(s)
	}
	for i, c := range s {
		w |= uint64(c) << (8 * i)
	}
	return w
}

// lastWord loads the last eight bytes of s, fewer with zeros before them.
func lastWord(s []byte) (w uint64) {
	if len(s) >= 8 {
		return binary.LittleEndian.Uint64(s[len(s)-8:])
	}
	for _, c := range s {
		w = w>>8 | uint64(c)<<56
	}
	return w
}

// atStart returns the length of the first text with which s begins, -1 if there is none.
func (l *literals) atStart(s []byte) int {
	x := firstWord(s)
	for i := range l.words {
		w := &l.words[i]
		if (x|w.or)&w.mask != w.want {
			continue
		}
		if t := l.texts[i]; len(s) >= len(t) && (len(t) <= 8 || l.equal(s[:len(t)], t)) {
			return len(t)
		}
	}
	return -1
}

// atEnd returns where the longest text with which s ends begins, -1 if there is none.
func (l *literals) atEnd(s []byte) int {
	x := lastWord(s)
	best := -1
	for i := range l.words {
		w := &l.words[i]
		if (x|w.or)&w.mask != w.want {
			continue
		}
		t := l.texts[i]
		if at := len(s) - len(t); at >= 0 && (best < 0 || at < best) && (len(t) <= 8 || l.equal(s[at:], t)) {
			best = at
		}
	}
	return best
}

func (l *literals) equal(s []byte, t string) bool {
	if l.fold {
		return hasFoldPrefix(s, t)
	}
	return string(s) == t
}

// endOf is atEnd that looks before a final newline too and takes the leftmost place.
func (l *literals) endOf(s []byte) int {
	i := l.atEnd(s)
	if n := len(s); n > 0 && s[n-1] == '\n' {
		if j := l.atEnd(s[:n-1]); j >= 0 && (i < 0 || j <= i) {
			return j
		}
	}
	return i
}
