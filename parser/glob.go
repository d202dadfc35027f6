package parser

import (
	"os"
	"slices"
	"strings"
)

// Glob returns the names that match pattern, sorted by their bytes. It follows
// glob(3) with no flags in the C locale, which is what nginx calls; filepath.Glob
// differs: it sorts each folder for itself, lets a wildcard match a leading dot,
// has no [!a] and no [[:alpha:]], and takes an unclosed "[" for an error. Several
// slashes in a row stay as they are, of which glob(3) drops some.
func Glob(pattern string) []string {
	names := []string{""}
	wild := false // the last part of each name comes from a folder's list
	for rest := pattern; rest != "" && len(names) > 0; {
		var part, slashes string
		part, slashes, rest = nextPart(rest)
		if hasWildcard(part) {
			names = expand(names, part, slashes)
			wild = true
			continue
		}
		part = unquote(part)
		for i, name := range names {
			names[i] = name + part + slashes
		}
		wild = false
	}
	if !wild {
		names = slices.DeleteFunc(names, func(name string) bool {
			_, err := os.Lstat(name)
			return err != nil
		})
	}
	slices.Sort(names)
	return names
}

// nextPart cuts the first component and the slashes behind it off a pattern.
func nextPart(pattern string) (part, slashes, rest string) {
	i := strings.IndexByte(pattern, '/')
	if i < 0 {
		return pattern, "", ""
	}
	rest = strings.TrimLeft(pattern[i:], "/")
	return pattern[:i], pattern[i : len(pattern)-len(rest)], rest
}

// expand puts the matching entries of each folder in names behind its name. With
// slashes behind them only folders count.
func expand(names []string, part, slashes string) []string {
	var out []string
	for _, dir := range names {
		for _, entry := range readNames(dir, part[0] == '.') {
			if !match(part, entry) {
				continue
			}
			name := dir + entry + slashes
			if slashes != "" {
				if info, err := os.Stat(dir + entry); err != nil || !info.IsDir() {
					continue
				}
			}
			out = append(out, name)
		}
	}
	return out
}

// readNames lists a folder, on request with the two entries that Go leaves out.
// As in glob(3) a folder that cannot be read is an empty one.
func readNames(dir string, dots bool) []string {
	if dir == "" {
		dir = "."
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // nothing was written
	names, err := f.Readdirnames(-1)
	if err == nil && dots {
		names = append(names, ".", "..")
	}
	return names
}

// hasWildcard reports whether a component is more than a name: it holds * or ?,
// or a "[" with a "]" somewhere behind it.
func hasWildcard(part string) bool {
	bracket := false
	for i := 0; i < len(part); i++ {
		switch part[i] {
		case '*', '?':
			return true
		case '\\':
			i++
		case '[':
			bracket = true
		case ']':
			if bracket {
				return true
			}
		}
	}
	return false
}

// unquote takes the backslashes out of a component without wildcards.
func unquote(part string) string {
	if strings.IndexByte(part, '\\') < 0 {
		return part
	}
	b := make([]byte, 0, len(part))
	for i := 0; i < len(part); i++ {
		if part[i] == '\\' && i+1 < len(part) {
			i++
		}
		b = append(b, part[i])
	}
	return string(b)
}

// match is fnmatch(3) with FNM_PERIOD for one component.
func match(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") && !strings.HasPrefix(pattern, `\.`) {
		return false
	}
	// star and from are where to resume with one more byte eaten by the last "*".
	p, n, star, from := 0, 0, -1, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			star, from = p, n
			continue
		}
		if size, ok := matchByte(pattern[p:], name[n]); ok {
			p += size
			n++
			continue
		}
		if star < 0 {
			return false
		}
		from++
		p, n = star, from
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchByte matches c against the first element of pattern, which is no "*", and
// returns the element's length.
func matchByte(pattern string, c byte) (size int, ok bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '\\':
		if len(pattern) == 1 {
			return 0, false
		}
		return 2, pattern[1] == c
	case '[':
		if size, ok := matchBracket(pattern, c); size > 0 {
			return size, ok
		}
	}
	return 1, pattern[0] == c
}

// matchBracket matches c against the bracket expression that pattern begins with;
// size is 0 if the expression has no end.
func matchBracket(pattern string, c byte) (size int, ok bool) {
	i := 1
	negate := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negate {
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, ok != negate
		}
		if class, n := bracketClass(pattern[i:]); n > 0 {
			ok = ok || inClass(class, c)
			i += n
			continue
		}
		lo, n := bracketByte(pattern[i:])
		if n == 0 {
			return 0, false
		}
		i += n
		hi := lo
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			if hi, n = bracketByte(pattern[i+1:]); n == 0 {
				return 0, false
			}
			i += 1 + n
		}
		ok = ok || lo <= c && c <= hi
	}
	return 0, false
}

// bracketByte returns the byte that s begins with within brackets.
func bracketByte(s string) (c byte, size int) {
	if s[0] != '\\' {
		return s[0], 1
	}
	if len(s) == 1 {
		return 0, 0
	}
	return s[1], 2
}

// bracketClass returns the name of the class, such as [:alpha:], that s begins with.
func bracketClass(s string) (class string, size int) {
	if !strings.HasPrefix(s, "[:") {
		return "", 0
	}
	class, _, ok := strings.Cut(s[2:], ":]")
	if !ok {
		return "", 0
	}
	return class, len(class) + 4
}

// inClass is isalpha(3) and similar functions in the C locale.
func inClass(class string, c byte) bool {
	digit := '0' <= c && c <= '9'
	upper := 'A' <= c && c <= 'Z'
	lower := 'a' <= c && c <= 'z'
	graph := '!' <= c && c <= '~'
	switch class {
	case "alnum":
		return digit || upper || lower
	case "alpha":
		return upper || lower
	case "blank":
		return c == ' ' || c == '\t'
	case "cntrl":
		return c < ' ' || c == 0x7f
	case "digit":
		return digit
	case "graph":
		return graph
	case "lower":
		return lower
	case "print":
		return graph || c == ' '
	case "punct":
		return graph && !digit && !upper && !lower
	case "space":
		return c == ' ' || '\t' <= c && c <= '\r'
	case "upper":
		return upper
	case "xdigit":
		return digit || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
	}
	return false
}
