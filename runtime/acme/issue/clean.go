package issue

import (
	"strings"
	"unicode"
)

// maxText is how much of a message of a CA is logged, in bytes.
const maxText = 600

// clean is the text of an error that may quote a CA, as a log may show it.
func clean(err error) string {
	text := strings.ToValidUTF8(err.Error(), "?")
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text[:min(len(text), maxText)])
	return strings.ToValidUTF8(text, "")
}
