package regex

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
