package regex

import "regexp"

// Regex is a compiled pattern. It is immutable and safe for concurrent use.
type Regex struct {
	pattern string
	std     *regexp.Regexp
	names   []NamedGroup
}

// NamedGroup is a group with a name: (?<name>...), (?P<name>...) or (?'name'...).
type NamedGroup struct {
	Name  string
	Group int // the number of the group, from 1
}

// Compile compiles a pattern. The error is a *SyntaxError in nginx's wording.
func Compile(pattern string, caseless bool) (*Regex, error) {
	p := pattern
	if caseless {
		p = "(?i)" + p
	}
	std, err := regexp.Compile(p)
	if err != nil {
		return nil, err
	}
	re := &Regex{pattern: pattern, std: std}
	for i, n := range std.SubexpNames() {
		if n != "" {
			re.names = append(re.names, NamedGroup{Name: n, Group: i})
		}
	}
	return re, nil
}

// String returns the pattern as it was given to Compile.
func (re *Regex) String() string { return re.pattern }

// NumCaptures returns the number of capturing groups, not counting the whole match.
func (re *Regex) NumCaptures() int { return re.std.NumSubexp() }

// Names returns the named groups in PCRE's order: by name. The slice belongs to re.
func (re *Regex) Names() []NamedGroup { return re.names }

// Match reports whether s matches. A match that hits the step limit counts as no match; Exec tells the two apart.
func (re *Regex) Match(s []byte) bool { return re.std.Match(s) }

// MatchCaptures matches s and stores the offsets of the whole match and of every group in caps (overwritten, grown if
// need be): start and end of group n in caps[2n] and caps[2n+1], -1 where the group took no part.
func (re *Regex) MatchCaptures(s []byte, caps []int) ([]int, bool) {
	caps, ok, _ := re.Exec(s, caps)
	return caps, ok
}

// Exec is MatchCaptures that also reports why a match could not be decided: a MatchError such as ErrMatchLimit, which
// nginx logs as `pcre2_match() failed: -47 on "%V" using "%V"` before it answers 500.
func (re *Regex) Exec(s []byte, caps []int) ([]int, bool, error) {
	m := re.std.FindSubmatchIndex(s)
	return append(caps[:0], m...), m != nil, nil
}
