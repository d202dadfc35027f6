// Package pcre2 binds libpcre2 for the tests that compare package regex with it. It needs cgo and libpcre2-dev, and is
// empty without the build tag pcre. The program does not use it.
//
//	go test -tags pcre ./runtime/regex/
package pcre2
