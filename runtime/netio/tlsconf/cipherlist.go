package tlsconf

import "strings"

// A cipherList evaluates an OpenSSL cipher string. It is an ordered list of all
// suites, of which some are active; every rule moves the suites it selects to
// one end of the list, keeping their relative order, so that a word added later
// finds them in the order OpenSSL would.
type cipherList struct {
	nodes    []cipherNode
	aliases  map[string]pattern
	secLevel int // -1: not given
}

type cipherNode struct {
	*suite
	active bool
}

// A cipherRule is what a word does with the suites it selects.
type cipherRule byte

const (
	ruleAdd  cipherRule = iota // activate, move to the end
	ruleOrd                    // '+': move active ones to the end
	ruleDel                    // '-': deactivate, move to the front
	ruleBump                   // move active ones to the front
	ruleKill                   // '!': remove for good
)

// defaultCiphers is what the word DEFAULT at the start of a string stands for.
const defaultCiphers = "ALL:!COMPLEMENTOFDEFAULT:!eNULL"

// newCipherList returns a list with no active suite, ordered by preference:
// (EC)DHE with AEAD, (EC)DHE, other AEAD, the rest; in each by strength.
func newCipherList() *cipherList {
	l := &cipherList{nodes: make([]cipherNode, len(suites)), aliases: aliasTable(), secLevel: -1}
	for i := range suites {
		s := &suites[i]
		l.nodes[len(suites)-1-i].suite = s // OpenSSL begins with the highest number
		l.aliases[s.name] = pattern{
			id: s.id, kx: s.kx, auth: s.auth, enc: s.enc, mac: s.mac, strength: s.strength,
		}
	}
	for _, step := range []struct {
		rule cipherRule
		pattern
	}{
		{ruleAdd, pattern{kx: kECDHE, auth: aECDSA}},
		{ruleAdd, pattern{kx: kECDHE}},
		{ruleDel, pattern{kx: kECDHE}},
		{ruleAdd, pattern{enc: eAESGCM}},
		{ruleAdd, pattern{enc: eCHACHA20}},
		{ruleAdd, pattern{enc: eAES &^ eAESGCM}},
		{ruleAdd, pattern{}},
		{ruleOrd, pattern{mac: mMD5}},
		{ruleOrd, pattern{auth: aNULL}},
		{ruleOrd, pattern{kx: kRSA}},
		{ruleOrd, pattern{kx: kPSK}},
	} {
		l.apply(step.rule, step.matches)
	}
	l.sortByStrength()
	l.apply(ruleBump, (&pattern{min: tls12}).matches)
	l.apply(ruleBump, (&pattern{mac: mAEAD}).matches)
	l.apply(ruleBump, (&pattern{kx: kDHE | kECDHE}).matches)
	l.apply(ruleBump, (&pattern{kx: kDHE | kECDHE, mac: mAEAD}).matches)
	l.apply(ruleDel, (&pattern{}).matches)
	return l
}

// apply runs one rule over the suites that match selects.
func (l *cipherList) apply(rule cipherRule, match func(*suite) bool) {
	picked := make([]cipherNode, 0, len(l.nodes))
	rest := make([]cipherNode, 0, len(l.nodes))
	for _, n := range l.nodes {
		// An addition takes what is not there yet, the others what is.
		if match(n.suite) && (rule == ruleKill || n.active == (rule != ruleAdd)) {
			n.active = rule != ruleDel
			picked = append(picked, n)
			continue
		}
		rest = append(rest, n)
	}
	switch rule {
	case ruleAdd, ruleOrd:
		l.nodes = append(rest, picked...)
	case ruleDel, ruleBump:
		l.nodes = append(picked, rest...)
	case ruleKill:
		l.nodes = rest
	}
}

// sortByStrength is @STRENGTH: active suites by symmetric key size, largest
// first, otherwise in their order.
func (l *cipherList) sortByStrength() {
	for _, bits := range []int{256, 128, 0} {
		l.apply(ruleOrd, func(s *suite) bool { return s.bits == bits })
	}
}

// process runs the words of a cipher string. It reports false for a string
// OpenSSL calls an invalid command.
func (l *cipherList) process(str string) bool {
	ok := true
	for str != "" {
		rule, special := ruleAdd, false
		switch str[0] {
		case ':', ' ', ';', ',':
			str = str[1:]
			continue
		case '-':
			rule, str = ruleDel, str[1:]
		case '+':
			rule, str = ruleOrd, str[1:]
		case '!':
			rule, str = ruleKill, str[1:]
		case '@':
			special, str = true, str[1:]
		}
		if str != "" && isSeparator(str[0]) {
			continue
		}
		if str == "" && !special {
			break
		}
		var p pattern
		var word string
		found := true
		for more := true; more && found; {
			n := wordLen(str)
			if n == 0 {
				return false
			}
			word, str = str[:n], str[n:]
			if special {
				break
			}
			if more = str != "" && str[0] == '+'; more {
				str = str[1:]
			}
			q, known := l.aliases[word]
			found = known && p.and(q)
		}
		if special {
			ok = l.command(word) && ok
		} else if found {
			l.apply(rule, p.matches)
			continue
		}
		for str != "" && !isSeparator(str[0]) {
			str = str[1:]
		}
	}
	return ok
}

// command runs an @ word.
func (l *cipherList) command(word string) bool {
	if word == "STRENGTH" {
		l.sortByStrength()
		return true
	}
	level, ok := strings.CutPrefix(word, "SECLEVEL=")
	if !ok || len(level) != 1 || level[0] < '0' || level[0] > '5' {
		return false
	}
	l.secLevel = int(level[0] - '0')
	return true
}

// isSeparator reports whether c stands between the words of a cipher string.
func isSeparator(c byte) bool { return c == ':' || c == ' ' || c == ';' || c == ',' }

// wordLen returns the length of the word at the start of s.
func wordLen(s string) int {
	n := 0
	for n < len(s) {
		c := s[n]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == '=' {
			n++
			continue
		}
		break
	}
	return n
}
