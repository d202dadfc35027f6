//go:build pcre && cgo

package regex

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/regex/pcre2"
)

// TestCostBesidePCRE: a match takes at most twice the time that libpcre2 takes for it, where loops stand within loops, and
// where a look at the subject saves the match.
func TestCostBesidePCRE(t *testing.T) {
	const slack = 20 * time.Microsecond
	letters := strings.Repeat("bc", 500)
	for _, c := range []struct{ pattern, subject string }{
		{`^[^!]{2,}.*[a-c]+b+([^!]+[ab]+\w+b{2,}(?:a{2,})+b*a+[^!]*)+[xy]$`, strings.Repeat("ac", 970) + "y"},
		{`[ab]+[^/]+[^/]{2,}(?:a{2,}a{2,}[^!]+[^c]+)+[xyz]`, strings.Repeat("a", 1080) + "!"},
		{`^(a*a+[^!]*(?:[a-c]+[^!]*[a-c]*)+\w*b*[ab]*[^!]+)+(?:[^!]*[^/]*[^c]*a{2,})+b+[^/]*.*`, strings.Repeat("abc", 360) + "!"},
		{`^(\w+(?:\w{2,}b+a*)+.+[^/]+)+[xyz]`, letters + "!"},
		{`^(?:.*a)*.*b$`, strings.Repeat("a", 1000) + "bc"},
		{`^.*.*.*[yz]$`, strings.Repeat("a", 300) + "!"},
		{`^(\w+\s?)+$`, strings.Repeat("word ", 30) + "!"},
		{`^(([a-z])+.)+[A-Z]([a-z])+$`, strings.Repeat("a", 22)},
		{`.*?.*?.*?=.*=`, strings.Repeat("x", 120) + "="},
		{`\w+@\w+\.\w+\.\w+$`, strings.Repeat("a", 200) + "@" + strings.Repeat("b.", 60)},
		// The last byte that has to be there is not.
		{`.*a.*b.*c.*d`, strings.Repeat("abc", 60)},
		{`(?:c{1,3}([ab]+[^c]?[^/]+)*){2,}!`, strings.Repeat("abc", 380)},
		{`(x+x+)+\1y`, strings.Repeat("x", 60)},
		{`a{2,}(?:[ab]*c{1,3}c{1,3}\w|c{2,})[xyz]`, letters[1:2] + strings.Repeat("a", 65) + "x"},
		{`(?i)^(\w+[a-z]+)+X`, letters},
	} {
		re := mustCompile(t, c.pattern, false)
		peer, err := pcre2.Compile(c.pattern, false)
		if err != nil {
			t.Fatal(err)
		}
		s := []byte(c.subject)
		ours, theirs := time.Hour, time.Hour
		for try := 0; try < 10 && ours > 2*theirs+slack || try < 2; try++ {
			begun := time.Now()
			re.Match(s)
			ours = min(ours, time.Since(begun))
			begun = time.Now()
			peer.Exec(s)
			theirs = min(theirs, time.Since(begun))
		}
		peer.Close()
		t.Logf("%s: %v, libpcre2 %v", c.pattern, ours, theirs)
		if ours > 2*theirs+slack {
			t.Errorf("%s takes %v, libpcre2 %v", c.pattern, ours, theirs)
		}
	}
}

// FuzzAgainstPCRE compares with libpcre2 itself: what compiles, and where every group is. Matches that one of the two gives up, after its own count of steps, are not compared.
func FuzzAgainstPCRE(f *testing.F) {
	for _, seed := range pcreSeeds {
		f.Add(seed.pattern, false, []byte(seed.subject))
		f.Add(seed.pattern, true, []byte(strings.ToUpper(seed.subject)))
	}
	f.Fuzz(func(t *testing.T, pattern string, caseless bool, s []byte) { compareWithPCRE(t, pattern, caseless, s) })
}

// TestMutationsPCRE compares with libpcre2 over patterns and subjects that are always the same: parts of the seeds
// and of pcreParts, put together by chance.
func TestMutationsPCRE(t *testing.T) {
	const rounds = 1_500_000
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(list []string) string { return list[rnd.IntN(len(list))] }
	for range rounds {
		var pattern strings.Builder
		for range 1 + rnd.IntN(8) {
			pattern.WriteString(pick(pcreParts))
		}
		seed := pcreSeeds[rnd.IntN(len(pcreSeeds))]
		text := pattern.String()
		if rnd.IntN(2) == 0 {
			at := rnd.IntN(len(seed.pattern) + 1)
			text = seed.pattern[:at] + text + seed.pattern[at:]
		}
		var subject strings.Builder
		for range rnd.IntN(12) {
			subject.WriteString(pick(pcreSubjects))
		}
		if compareWithPCRE(t, text, rnd.IntN(4) == 0, []byte(subject.String())); t.Failed() {
			return
		}
	}
}

// pcreParts are what patterns are put together from.
var pcreParts = []string{
	"a", "b", "c", ".", `\w`, `\d`, `\s`, `\b`, `\B`, "^", "$", "|", "(", ")", "(?:", "(?=", "(?!", "(?>", "(?<=", "(?<n>", "(?i)", "[ab]",
	"[^a]", "[a-c]", "[[:alpha:]]", "*", "+", "?", "*?", "+?", "*+", "{2}", "{1,3}", "{2,}", `\1`, `\k<n>`, "(a|b)", "(a+)", "(?:ab|a)",
	"(?(1)a|b)", "(?1)", `\x61`, `\A`, `\z`, `\Z`, `\h`, "(?|(a)|(b))", "(?#x)", "x", "-",
	`\R`, `\N`, `\S`, `\h`, `\v`, `\H`, `\V`, `\W`, `\D`, `\X`, "(?s)", "(?m)",
}

// pcreSubjects are what subjects are put together from.
var pcreSubjects = []string{"a", "b", "c", "ab", "aa", "A", "B", "x", "0", "1", " ", "-", "\n", "\r\n", "/", "abc", "\xc3\xa9", "\r", "\v", "\x85", "\xa0", "\xe2\x80\xa8"}

// pcreSeeds are patterns of many kinds, each with a subject.
var pcreSeeds = []struct{ pattern, subject string }{
	{`^/app/(?<kind>[a-z]+)/(\d+)\.(png|jpg)$`, "/app/user/42.png"},
	{`(?<n>a)\k<n>(?(n)b|c)(?&n)`, "aaba"},
	{`[[:alpha:]\d-]+?(?|(a)|(b))\1*+`, "x-1aabb"},
	{`(?<=a|bc)(?!d)(*SKIP)e|\bf\B`, "aebcefg"},
	{`(*UTF8)\p{L}+?é`, "né"},
	{`\x{41}\o{101}\cA\Q.\E{2,3}`, "AA\x01..."},
	{`(?xi) a # b`, "A"},
	{`((?1)|a)*(?(DEFINE)(b))(?2)`, "aab"},
	{`(?C"x")\R\X\K\G`, "\r\na"},
	{`^(?:.*a)*.*b$`, "aaabc"},
	{`(a+|b+?)*c{2,}(?>d*)`, "aabccd"},
	{`\A(?s).\Z\z|(?m)^$`, "a\n\n"},
	{`^\R+(?:\s|\d)|.*?\R|\S+\v|\h*\S|^\v{1,3}\S$`, "\n\x85"},
}

// compareWithPCRE wants both to compile a pattern, or neither, and to find the same.
func compareWithPCRE(t *testing.T, pattern string, caseless bool, s []byte) {
	if len(pattern) > 60 || len(s) > 60 || known(pattern) {
		return
	}
	re, err := Compile(pattern, caseless)
	peer, want := pcre2.Compile(pattern, caseless)
	if peer != nil {
		defer peer.Close()
	}
	if err != nil || want != nil {
		compareErrors(t, pattern, err, want)
		return
	}
	caps, ok, err := re.Exec(s, nil)
	wanted, code := peer.Exec(s)
	switch {
	case code < -1 && (err != nil || code <= int(ErrMatchLimit)), limited(err):
		return
	case errors.Is(err, ErrRecursionLoop) && code == -1:
		return // the subject is shorter than any match, which libpcre2 looks at first
	}
	if err != nil || ok != (code > 0) || ok && !slices.Equal(caps, wanted) {
		t.Errorf("%q (caseless %v) on %q: %v %v %v, libpcre2 %v %d", pattern, caseless, s, caps, ok, err, wanted, code)
	}
}

// limited reports whether a match was given up.
func limited(err error) bool {
	return errors.Is(err, ErrMatchLimit) || errors.Is(err, ErrDepthLimit)
}

// known reports whether a pattern has what is known to differ: verbs, which libpcre2 carries out only where its look at the
// subject has not skipped a place, and whose reach within assertions is its own; \K within calls; what it takes for the width of
// calls, conditions and \C in a lookbehind; numbers that overflow its own; lookarounds that are not atomic, which it counts to
// the least length of a match.
func known(pattern string) bool {
	rest, _ := strings.CutPrefix(pattern, "(*UTF8)")
	called := strings.Contains(rest, "(?R") || strings.Contains(rest, "(?&") || strings.Contains(rest, "(?P>") || strings.Contains(rest, `\g`) ||
		strings.ContainsAny(rest, "0123456789") && strings.Contains(rest, "(?") || strings.Contains(rest, "(?(") || strings.Contains(rest, `\C`)
	behind := strings.Contains(rest, "(?<=") || strings.Contains(rest, "(?<!")
	open := strings.Contains(rest, "(?*") || strings.Contains(rest, "(?<*")
	return open || strings.Contains(rest, "(*") || manyDigits.MatchString(rest) || called && (behind || strings.Contains(rest, `\K`))
}

var manyDigits = regexp.MustCompile(`[0-9]{9}`)

func compareErrors(t *testing.T, pattern string, err, want error) {
	var got *SyntaxError
	if errors.As(err, &got) && (got.Reason == errVerbUnsupported || got.Reason == errNewlineUnsupported || got.Reason == errTooLarge) {
		return
	}
	var peer *pcre2.Error
	errors.As(want, &peer)
	switch {
	case got == nil:
		t.Errorf("%q compiles; libpcre2: %s at %d", pattern, peer.Reason, peer.Offset)
	case peer == nil:
		t.Errorf("%q: %s at %d; compiles with libpcre2", pattern, got.Reason, got.Offset)
	}
}
