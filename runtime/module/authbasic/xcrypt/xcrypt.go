package xcrypt

import (
	"bytes"
	"errors"
	"slices"
)

// What Hash refuses.
var (
	// ErrRefused says that libcrypt refuses this password or setting, too: no password matches.
	ErrRefused = errors.New("xcrypt: invalid setting or password")
	// ErrUnsupported says that libcrypt knows the setting, and this package does not.
	ErrUnsupported = errors.New("xcrypt: unsupported parameters")
)

const (
	// maxPassword is libxcrypt's bound: a password has fewer bytes.
	maxPassword = 512
	// maxOutput is the room that libxcrypt has for a hash, in bytes. Methods whose salt may be long can exceed it.
	maxOutput = 384
	// maxMemory is what one hash may take: N 2^18 and r 32, cost 11 of yescrypt and scrypt, the most that crypt_gensalt
	// offers.
	maxMemory = 1 << 30
)

// method is one way of hashing.
type method struct {
	prefix string
	hash   func(password, setting []byte) ([]byte, error)
	memory func(setting []byte) int // bytes that it takes; nil: next to none
}

// methods are tried in order.
var methods = []method{
	{"$y$", yescryptHash, yescryptMemory},
	{"$gy$", gostYescrypt, gostYescryptMemory},
	{"$7$", scryptHash, scryptMemory},
	{"$2b$", bcryptHash, nil},
	{"$2y$", bcryptHash, nil},
	{"$2a$", bcryptHash, nil},
	{"$2x$", bcryptHash, nil},
	{"$6$", sha512Crypt.hash, nil},
	{"$5$", sha256Crypt.hash, nil},
	{"$sha1", sha1Crypt, nil},
	{"$md5", sunMD5, nil},
	{"$1$", md5Crypt, nil},
	{"$3$", ntHash, nil},
	{"_", bsdiCrypt, nil},
	{"", desCrypt, nil},
}

// find returns the method of a setting. The last one takes what no other does.
func find(setting []byte) *method {
	i := slices.IndexFunc(methods, func(m method) bool { return hasPrefix(setting, m.prefix) })
	return &methods[i]
}

// Hash hashes a password as the setting says, which is a stored hash or its beginning. The password ends at a zero byte, as
// the C library's does. The errors are ErrRefused and ErrUnsupported. What it costs is the setting's and the client's choice:
// up to a gigabyte of memory (see Memory), and seconds of processor time.
func Hash(password, setting []byte) ([]byte, error) {
	password, _, _ = bytes.Cut(password, []byte{0})
	if len(password) >= maxPassword || !validSetting(setting) {
		return nil, ErrRefused
	}
	return find(setting).hash(password, setting)
}

// Memory returns about how many bytes Hash takes for the setting; 0 for next to none. Settings that Hash refuses may have any.
func Memory(setting []byte) int {
	if m := find(setting); m.memory != nil {
		return m.memory(setting)
	}
	return 0
}

// validSetting refuses what would break a line of a password file.
func validSetting(setting []byte) bool {
	for _, c := range setting {
		if c <= ' ' || c >= 0x7f || c == ':' || c == ';' || c == '*' || c == '!' || c == '\\' {
			return false
		}
	}
	return true
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// alphabet are the digits of crypt's own base 64.
const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// digit returns the value of a digit, -1 for none.
func digit(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 38
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 12
	case c >= '.' && c <= '9':
		return int(c - '.')
	}
	return -1
}

// digits returns how many digits b begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && digit(b[n]) >= 0 {
		n++
	}
	return n
}

// appendDigits appends n digits of v, the lowest first.
func appendDigits(dst []byte, v uint32, n int) []byte {
	for range n {
		dst = append(dst, alphabet[v&63])
		v >>= 6
	}
	return dst
}

// number reads a number of n digits, the lowest first, at the start of b.
func number(b []byte, n int) (v uint32, ok bool) {
	if len(b) < n {
		return 0, false
	}
	for i, c := range b[:n] {
		d := digit(c)
		if d < 0 {
			return 0, false
		}
		v |= uint32(d) << (6 * i)
	}
	return v, true
}

// decimal reads a decimal number at the start of b, without leading zeros, and returns what follows it.
func decimal(b []byte, limit uint64) (v uint64, rest []byte, ok bool) {
	if len(b) == 0 || b[0] < '1' || b[0] > '9' {
		return 0, b, false
	}
	for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
		if v = v*10 + uint64(b[0]-'0'); v > limit {
			return 0, b, false
		}
		b = b[1:]
	}
	return v, b, true
}

// salt returns the salt at the start of b, at most limit bytes of it; it ends at a dollar or the end of b.
func salt(b []byte, limit int) []byte {
	if end := bytes.IndexByte(b, '$'); end >= 0 {
		b = b[:end]
	}
	return b[:min(len(b), limit)]
}

// repeated returns n bytes of b, over and over.
func repeated(b []byte, n int) []byte {
	out := make([]byte, 0, n)
	for len(out) < n {
		out = append(out, b[:min(len(b), n-len(out))]...)
	}
	return out
}
