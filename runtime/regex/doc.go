// Package regex matches the regular expressions of an nginx configuration: PCRE patterns over bytes, leftmost-first,
// with nginx's error wording. It corresponds to src/core/ngx_regex.c together with the PCRE2 library.
//
//	re, err := regex.Compile(`^/app/(?<kind>[a-z]+)/(\d+)\.(png|jpg)$`, false)
//	caps, ok := re.MatchCaptures(uri, caps) // caps[2*n:2*n+2] are the bounds of group n
//
// A pattern goes through five stages:
//
//   - parse*.go reads PCRE's syntax into a tree (ast.go) and reports what pcre2_compile would report, with its offset;
//   - possess.go makes repetitions possessive that PCRE2 makes possessive, where that changes what matches;
//   - analyze.go derives facts from the tree: width, first bytes, places where a match must begin or end;
//   - shape.go answers patterns that are plain string tests (`\.php$`, `^/api/`, `\.(png|jpg)$`) without a matcher, and
//     filter.go rejects most subjects of the others by the texts with which a match must begin and end;
//   - compile*.go turns the tree into a program for the backtracking machine in machine*.go.
//
// Other engines are not sufficient: package regexp allocates for every set of offsets, decodes UTF-8 where nginx matches
// bytes, and has neither PCRE's $ nor its lookarounds; regexp2 works on runes, allocates, numbers named groups last and
// has no possessive quantifiers, recursion or branch reset. The machine here matches all of it without allocating: with
// four groups on a URI of 22 bytes it takes about a third of the time of package regexp (BenchmarkMatchCaptures), and a
// pattern that does not fit is given up after some 10 ns (BenchmarkSixtyLocations).
//
// The time of a match is bounded twice. Programs without backreferences, atomic groups and loops over the empty string
// remember the places that have failed as soon as a match turns out to be expensive, where a loop begins and where it has
// given back to, so that nested quantifiers cost a polynomial. Every match also has PCRE's default budget of ten million
// steps, after which it ends with ErrMatchLimit. As PCRE does, it looks for the last byte that a match needs before it
// tries.
//
// The reference is PCRE2 10.42: testdata has its results, offsets and errors, and with the build tag pcre a fuzzer and a
// table of costs run beside libpcre2 itself (make fuzz-pcre).
//
// Not supported, and refused by Compile: newline conventions other than LF ((*CRLF), (*ANYCRLF) ...), the verbs (*ACCEPT),
// (*THEN) and those with names, script runs. (*UCP) widens \d, \w and \s but not \b. Callouts (?C) are accepted and do
// nothing, as in nginx.
package regex
