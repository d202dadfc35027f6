package header

import "bytes"

// Agent names the browsers that old work-arounds care about.
type Agent uint8

const (
	MSIE Agent = 1 << iota
	MSIE6
	Opera
	Gecko
	Chrome
	Safari
	Konqueror
)

// Recognise finds the browsers that some work-arounds are about.
func (h *In) Recognise(ua []byte) { h.UserAgent = recognise(ua) }

func recognise(ua []byte) (a Agent) {
	if i := bytes.Index(ua, []byte("MSIE ")); i >= 0 && i+7 < len(ua) {
		a |= MSIE
		if ua[i+6] == '.' {
			switch ua[i+5] {
			case '4', '5':
				a |= MSIE6
			case '6':
				if !bytes.Contains(ua[i+8:], []byte("SV1")) {
					a |= MSIE6
				}
			}
		}
	}
	if bytes.Contains(ua, []byte("Opera")) {
		return a&^(MSIE|MSIE6) | Opera
	}
	if a&MSIE == 0 {
		switch {
		case bytes.Contains(ua, []byte("Gecko/")):
			a |= Gecko
		case bytes.Contains(ua, []byte("Chrome/")):
			a |= Chrome
		case bytes.Contains(ua, []byte("Safari/")) && bytes.Contains(ua, []byte("Mac OS X")):
			a |= Safari
		case bytes.Contains(ua, []byte("Konqueror")):
			a |= Konqueror
		}
	}
	return a
}
