//go:build !linux

package errno

import "syscall"

// text is the system's own text of e: Go's table with the capital letter that
// strerror() begins with. "" when Go's table has none either.
func text(e syscall.Errno) string {
	s := e.Error()
	if s == "" || len(s) > 6 && s[:6] == "errno " {
		return ""
	}
	if c := s[0]; 'a' <= c && c <= 'z' {
		s = string(c-'a'+'A') + s[1:]
	}
	return s
}
