package sub

import (
	"slices"

	"github.com/sluiceproxy/sluice/runtime/script"
)

// search finds several texts at once with Horspool's algorithm. A table has, for the
// byte where the shortest text would end, by how much that place may advance; where
// it may not, another table has the texts with that byte there. Immutable once it is
// in use.
type search struct {
	list     []match // in the order of their bytes at min-1
	min, max int     // lengths of the shortest and the longest
	shift    [256]uint8
	from, to [256]uint8 // list[from[c]:to[c]] have c at min-1
}

// match is a text to be found, in lower case, and what replaces it.
type match struct {
	text  []byte
	value *script.Value
}

// lower is ASCII's lower case.
var lower = func() (t [256]byte) {
	for c := range t {
		t[c] = byte(c)
		if 'A' <= c && c <= 'Z' {
			t[c] |= 0x20
		}
	}
	return t
}()

// prepare makes the tables for list.
func (s *search) prepare() {
	s.min, s.max = len(s.list[0].text), 0
	for i := range s.list {
		s.min, s.max = min(s.min, len(s.list[i].text)), max(s.max, len(s.list[i].text))
	}
	at := s.min - 1
	slices.SortStableFunc(s.list, func(a, b match) int { return int(a.text[at]) - int(b.text[at]) })
	far := min(s.min, 255)
	for c := range s.shift {
		s.shift[c], s.from[c], s.to[c] = uint8(far), 0, 0
	}
	for i := range s.list {
		text := s.list[i].text
		for j := range far {
			c := text[at-j]
			s.shift[c] = min(s.shift[c], uint8(j))
		}
		if c := text[at]; s.to[c] == 0 {
			s.from[c], s.to[c] = uint8(i), uint8(i+1)
		} else {
			s.to[c] = uint8(i + 1)
		}
	}
	for c := 'A'; c <= 'Z'; c++ {
		l := lower[c]
		s.shift[c], s.from[c], s.to[c] = s.shift[l], s.from[l], s.to[l]
	}
}

// found is what there is at a place.
type found uint8

const (
	nothing found = iota
	part          // the beginning of a text, up to the end of the bytes at hand
	whole
)

// finder looks through a body that comes in pieces. Places are relative to the
// piece at hand; what is kept of those before lies at negative ones.
type finder struct {
	search *search
	once   bool    // every text counts once
	kept   []byte  // bytes that may begin a match, fewer than search.max
	offset int     // place of the byte to look at next
	first  int     // of search.list to look at there
	used   []bool  // of search.list, with once
	left   int     // of search.list that are not used
	store  [8]bool // for used
}

// start prepares for a body.
func (f *finder) start(s *search, once bool) {
	f.search, f.once = s, once
	f.kept, f.offset, f.first = f.kept[:0], s.min-1, 0
	f.left = len(s.list)
	if cap(f.used) < len(s.list) {
		f.used = f.store[:0]
		if len(s.list) > len(f.store) {
			f.used = make([]bool, len(s.list))
		}
	}
	f.used = f.used[:len(s.list)]
	clear(f.used)
}

// over reports whether nothing will be found any more.
func (f *finder) over() bool { return f.once && f.left == 0 }

// next looks for a match in what is kept followed by p. With whole, text i lies
// between from and to. Otherwise what lies before from is no part of any. With flush
// as little as possible is kept.
func (f *finder) next(p []byte, flush bool) (i, from, to int, what found) {
	s := f.search
	if f.over() {
		f.offset = len(p) + s.min - 1
		return 0, len(p), len(p), nothing
	}
	offset := f.offset
	for offset < len(p) {
		var c byte
		if offset < 0 {
			c = f.kept[len(f.kept)+offset]
		} else {
			if offset = s.skip(p, offset); offset >= len(p) {
				break
			}
			c = p[offset]
		}
		if n := s.shift[c]; n > 0 {
			offset += int(n)
			f.first = 0
			continue
		}
		from = offset - s.min + 1
		for i = max(int(s.from[c]), f.first); i < int(s.to[c]); i++ {
			if f.once && f.used[i] {
				continue
			}
			switch f.at(p, from, s.list[i].text) {
			case whole:
				f.offset = offset
				return i, from, from + len(s.list[i].text), whole
			case part:
				f.offset, f.first = offset, i
				return i, from, from, part
			}
		}
		offset++
		f.first = 0
	}
	for flush && offset-s.min+1 < len(p) && !f.begins(p, offset-s.min+1) {
		offset++
	}
	f.offset = offset
	return 0, offset - s.min + 1, offset - s.min + 1, nothing
}

// skip moves offset on over bytes at which no text can have its min-th byte.
func (s *search) skip(p []byte, offset int) int {
	for uint(offset) < uint(len(p)) {
		n := s.shift[p[offset]]
		if n == 0 {
			return offset
		}
		offset += int(n)
	}
	return offset
}

// begins reports whether some text may begin at a place.
func (f *finder) begins(p []byte, from int) bool {
	for i := range f.search.list {
		if f.at(p, from, f.search.list[i].text) != nothing {
			return true
		}
	}
	return false
}

// at compares what is at a place with a text.
func (f *finder) at(p []byte, from int, text []byte) found {
	if from < 0 {
		for _, c := range f.kept[len(f.kept)+from:] {
			if lower[c] != text[0] {
				return nothing
			}
			if text = text[1:]; len(text) == 0 {
				return whole
			}
		}
		from = 0
	}
	p = p[from:]
	n := min(len(p), len(text))
	for i, c := range p[:n] {
		if lower[c] != text[i] {
			return nothing
		}
	}
	if n < len(text) {
		return part
	}
	return whole
}

// take drops what was dealt with up to to, and all of p up to there; without a
// match it keeps the rest of p. It returns the rest of p that is to be looked
// at.
func (f *finder) take(p []byte, i, to int, what found) []byte {
	end := len(p)
	if what == whole {
		f.offset += len(f.search.list[i].text)
		f.first = 0
		end = max(to, 0)
		if f.once {
			f.used[i] = true
			f.left--
		}
	}
	f.kept = f.kept[:copy(f.kept, f.kept[len(f.kept)+min(to, 0):])]
	f.kept = append(f.kept, p[max(to, 0):end]...)
	f.offset -= end
	return p[end:]
}
