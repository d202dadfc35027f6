package tlsconf

import (
	"errors"
	"strconv"
	"strings"
)

// DefaultBuiltin is how many sessions `builtin` without a number holds.
const DefaultBuiltin = 20480

// minZone is the smallest size of a shared zone: eight pages.
const minZone = 8 * 4096

// SessionCacheSpec is the parsed value of ssl_session_cache. The zero value is
// nginx's default, `none`: no session is stored, though the protocol tells clients that
// reuse is supported.
type SessionCacheSpec struct {
	// Off says that session reuse is refused.
	Off bool
	// Builtin is how many sessions a cache of one server's own holds; 0: none.
	Builtin int
	// Zone is the name of a cache that servers share, "" for none, and ZoneSize
	// its size in bytes.
	Zone     string
	ZoneSize int64
}

// ParseSessionCache reads the arguments of ssl_session_cache: off, none,
// builtin[:sessions] and shared:name:size, the latter two also together. The
// error is nginx's message, up to the " in FILE:LINE" the caller adds.
func ParseSessionCache(args []string) (SessionCacheSpec, error) {
	var spec SessionCacheSpec
	for _, arg := range args {
		invalid := errors.New(`invalid session cache "` + arg + `"`)
		switch arg {
		case "off":
			spec.Off, spec.Builtin = true, 0
			continue
		case "none":
			spec.Off, spec.Builtin = false, 0
			continue
		case "builtin":
			spec.Off, spec.Builtin = false, DefaultBuiltin
			continue
		}
		if count, ok := strings.CutPrefix(arg, "builtin:"); ok {
			n, err := strconv.ParseUint(count, 10, 31)
			if err != nil {
				return spec, invalid
			}
			spec.Off, spec.Builtin = false, int(n)
			continue
		}
		rest, ok := strings.CutPrefix(arg, "shared:")
		name, size, sized := strings.Cut(rest, ":")
		if !ok || name == "" || !sized {
			return spec, invalid
		}
		n, ok := parseSize(size)
		if !ok {
			return spec, invalid
		}
		if n < minZone {
			return spec, errors.New(`session cache "` + arg + `" is too small`)
		}
		spec.Zone, spec.ZoneSize = name, n
	}
	return spec, nil
}

// parseSize reads a number of bytes with nginx's suffixes k and m.
func parseSize(s string) (int64, bool) {
	shift := 0
	if s != "" {
		switch s[len(s)-1] {
		case 'k', 'K':
			s, shift = s[:len(s)-1], 10
		case 'm', 'M':
			s, shift = s[:len(s)-1], 20
		}
	}
	n, err := strconv.ParseUint(s, 10, 42)
	if err != nil {
		return 0, false
	}
	return int64(n) << shift, true
}
