// Package pcre2 is libpcre2 itself, for the tests that compare package regex with it. It needs cgo and libpcre2-dev, and is
// empty without the build tag pcre: nothing of the program uses it.
//
//	go test -tags pcre ./runtime/regex/
package pcre2
