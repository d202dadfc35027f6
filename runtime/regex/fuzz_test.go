package regex

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"testing"
)

// runes is a subject as package regexp sees it in Latin-1 form: one rune per byte.
func runes(s []byte) string {
	out := make([]rune, len(s))
	for i, c := range s {
		out[i] = rune(c)
	}
	return string(out)
}

// FuzzAgainstRegexp compares with package regexp on the language they share. Both see bytes as Latin-1 characters.
func FuzzAgainstRegexp(f *testing.F) {
	for _, seed := range [][2]string{
		{`^/app/([a-z]+)/([0-9]+)/(.+)\.(png|jpg)$`, "/app/user/42/photo.png"},
		{`(a|ab)(c|bcd)(d*)`, "abcd"},
		{`x*?y+z{2,3}[^a-c]`, "xxyyzzzd"},
		{`(?:a|b)*?c|\.`, "abab."},
		{`[\x80-\xff]+.`, "\xe9\xea\n"},
		{`(?i)straSSe|\bk\B`, "STRASSE kk"},
	} {
		f.Add(seed[0], []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, pattern string, s []byte) {
		std := shared(pattern)
		if std == nil || len(pattern) > 60 || len(s) > 60 {
			return
		}
		re, err := Compile(pattern, false)
		if err != nil {
			return // the languages differ, errors are compared with PCRE2's
		}
		caps, ok, err := re.Exec(s, nil)
		if err != nil {
			return
		}
		text := runes(s)
		want := std.FindStringSubmatchIndex(text)
		if ok != (want != nil) {
			t.Fatalf("%q on %q: got %v %v, want %v", pattern, s, ok, caps, want)
		}
		back := map[int]int{-1: -1, len(text): len(s)}
		n := 0
		for i := range text {
			back[i] = n
			n++
		}
		for i := range want {
			want[i] = back[want[i]]
		}
		if ok && !slices.Equal(caps, want) {
			t.Errorf("%q on %q: got %v, want %v", pattern, s, caps, want)
		}
	})
}

// shared compiles an ASCII pattern with package regexp; nil if it is not in the part of the language that means the same
// in PCRE: no $ (which here matches before a final newline), no repetition of what may be empty, no case beyond ASCII,
// and none of the escapes and classes that only one of the two knows.
func shared(pattern string) *regexp.Regexp {
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		if c >= 0x80 || c == '$' || c == '\\' && i+1 < len(pattern) && !plainEscape(pattern[i+1]) {
			return nil
		}
		if i > 0 && pattern[i-1] == '(' && (c == '*' || c == '?' && i+1 < len(pattern) && pattern[i+1] != ':') {
			return nil
		}
		if c == '\\' {
			i++
		}
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || loopsOverEmpty(tree) {
		return nil
	}
	std, err := regexp.Compile(pattern)
	if err != nil {
		return nil
	}
	return std
}

func plainEscape(c byte) bool {
	return !isLetter(c) && !isDigit(c) || c == 'd' || c == 'D' || c == 'w' || c == 'n' || c == 't'
}

func loopsOverEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat, syntax.OpQuest:
		if mayBeEmpty(re.Sub[0]) {
			return true
		}
	}
	return slices.ContainsFunc(re.Sub, loopsOverEmpty)
}

func mayBeEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return false
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !mayBeEmpty(sub) })
	case syntax.OpCapture, syntax.OpPlus:
		return mayBeEmpty(re.Sub[0])
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, mayBeEmpty)
	case syntax.OpRepeat:
		return re.Min == 0 || mayBeEmpty(re.Sub[0])
	}
	return true
}

// FuzzCompile: no pattern and no subject may upset the parser or the machine.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`(?<n>a)\k<n>(?(n)b|c)(?&n)`, `[[:alpha:]\d-]`, `(?|(a)|(b))\1*+`, `(?<=a|bc)(?!d)(*SKIP)e`, `(*UTF8)\p{L}+?é`,
		`\x{41}\o{101}\cA\Q.\E{2,3}`, `(?xi) a # b`, `((?1)|a)*`, `(?(DEFINE)(a))(?1)`, `(?C"x")\R\X\K\G`,
	} {
		f.Add(seed, true, []byte("aabbcc\r\n"))
	}
	f.Fuzz(func(t *testing.T, pattern string, caseless bool, s []byte) {
		re, err := Compile(pattern, caseless)
		if err != nil || len(pattern) > 200 || len(s) > 100 {
			return
		}
		caps, ok, _ := re.Exec(s, nil)
		if ok != re.Match(s) {
			t.Errorf("%q on %q: Exec says %v, Match does not", pattern, s, ok)
		}
		if !ok {
			return
		}
		if len(caps) != 2*(re.NumCaptures()+1) {
			t.Errorf("%q on %q: %d offsets", pattern, s, len(caps))
		}
		for i := 0; i < len(caps); i += 2 {
			if from, to := caps[i], caps[i+1]; (from < 0) != (to < 0) || to > len(s) || i > 0 && from > to {
				t.Errorf("%q on %q: group %d is at %d to %d", pattern, s, i/2, from, to)
			}
		}
	})
}
