package xcrypt

import (
	"bytes"
	"crypto/hmac"
	"hash"

	"github.com/openwall/yescrypt-go"
	"golang.org/x/crypto/scrypt"
)

// yescryptSetting is what stands in $y$parameters$salt.
type yescryptSetting struct {
	logN, r int
	plain   bool   // the flavour that crypt_gensalt writes, without more parameters
	salt    []byte // decoded
	prefix  []byte // parameters and salt as they were
}

const (
	yescryptFlavour = 47 // "j": read and write, 6 rounds, the default sizes
	maxYescryptSalt = 64
	yescryptSum     = 32
)

// parseYescrypt reads a setting of yescrypt.
func parseYescrypt(setting []byte) (y yescryptSetting, ok bool) {
	rest := setting[len("$y$"):]
	flavour, rest, ok1 := variable(rest, 0)
	logN, rest, ok2 := variable(rest, 1)
	r, rest, ok3 := variable(rest, 1)
	if !ok1 || !ok2 || !ok3 || logN < 2 || logN > 63 || len(rest) == 0 {
		return y, false
	}
	y.logN, y.r, y.plain = int(logN), int(r), flavour == yescryptFlavour
	if rest[0] != '$' {
		if rest, ok = moreParameters(rest); !ok {
			return y, false
		}
		y.plain = false
	}
	rest = rest[1:]
	if end := bytes.LastIndexByte(rest, '$'); end >= 0 {
		rest = rest[:end]
	}
	y.prefix = setting[:cap(setting)-cap(rest)+len(rest)]
	y.salt, ok = decode(rest)
	return y, ok && len(y.salt) <= maxYescryptSalt && len(setting)+1+43+1 <= maxOutput
}

// moreParameters skips a set of bits and a number for each: parallelism, time, upgrades and the size of a table in ROM. A dollar
// follows.
func moreParameters(b []byte) (rest []byte, ok bool) {
	set, rest, ok := variable(b, 1)
	for i, least := range [4]uint32{2, 1, 1, 1} {
		if ok && set>>i&1 != 0 {
			_, rest, ok = variable(rest, least)
		}
	}
	return rest, ok && len(rest) > 0 && rest[0] == '$'
}

// variable reads a number of one to six digits, of which the first says how many follow.
func variable(b []byte, least uint32) (v uint32, rest []byte, ok bool) {
	if len(b) == 0 || digit(b[0]) < 0 {
		return 0, b, false
	}
	c := uint32(digit(b[0]))
	start, end, chars, bits := uint32(0), uint32(47), 1, 0
	v = least
	for c > end {
		v += (end + 1 - start) << bits
		start = end + 1
		end = start + (62-end)/2
		chars++
		bits += 6
	}
	v += (c - start) << bits
	b = b[1:]
	for range chars - 1 {
		if len(b) == 0 || digit(b[0]) < 0 {
			return 0, b, false
		}
		bits -= 6
		v += uint32(digit(b[0])) << bits
		b = b[1:]
	}
	return v, b, true
}

func yescryptMemory(setting []byte) int {
	y, ok := parseYescrypt(setting)
	if !ok || !y.plain {
		return 0
	}
	return scryptBytes(y.logN, y.r)
}

// scryptBytes is the size of the table that scrypt and yescrypt fill; where that is above maxMemory, some number above it.
func scryptBytes(logN, r int) int {
	return int(min(uint64(128*min(r, maxMemory/128))<<min(logN, 31), maxMemory+1))
}

// yescryptHash is $y$parameters$salt: yescrypt of Openwall.
func yescryptHash(password, setting []byte) ([]byte, error) {
	y, sum, err := yescryptKey(password, setting)
	if err != nil {
		return nil, err
	}
	return appendSum(y.output(), sum), nil
}

func (y *yescryptSetting) output() []byte { return append(append([]byte(nil), y.prefix...), '$') }

func yescryptKey(password, setting []byte) (y yescryptSetting, sum []byte, err error) {
	y, ok := parseYescrypt(setting)
	switch {
	case !ok:
		return y, nil, ErrRefused
	case !y.plain || scryptBytes(y.logN, y.r) > maxMemory:
		return y, nil, ErrUnsupported
	}
	sum, err = yescrypt.Key(password, y.salt, 1<<y.logN, y.r, 1, yescryptSum)
	if err != nil {
		return y, nil, ErrRefused
	}
	return y, sum, nil
}

// gostYescrypt is $gy$: yescrypt, and over its result HMAC with the hash of GOST R 34.11-2012, keyed by the password and by
// the setting.
func gostYescrypt(password, setting []byte) ([]byte, error) {
	y, sum, err := yescryptKey(password, plainYescrypt(setting))
	if err != nil {
		return nil, err
	}
	out := append([]byte("$g"), y.output()[1:]...)
	key := newStreebog()
	_, _ = key.Write(password)
	return appendSum(out, gostHMAC(gostHMAC(key.Sum(nil), out[:len(out)-1]), sum)), nil
}

func gostYescryptMemory(setting []byte) int { return yescryptMemory(plainYescrypt(setting)) }

// plainYescrypt is the setting without the g.
func plainYescrypt(setting []byte) []byte { return append([]byte("$"), setting[2:]...) }

func gostHMAC(key, text []byte) []byte {
	h := hmac.New(func() hash.Hash { return newStreebog() }, key)
	h.Write(text)
	return h.Sum(nil)
}

// scryptCost reads the parameters of $7$: a digit for the logarithm of N, five for r and five for p.
func scryptCost(setting []byte) (logN, r, p int, ok bool) {
	b := setting[len("$7$"):]
	if len(b) < 11 {
		return 0, 0, 0, false
	}
	logN = digit(b[0])
	wide, ok1 := number(b[1:], 5)
	parallel, ok2 := number(b[6:], 5)
	return logN, int(wide), int(parallel), logN > 0 && ok1 && ok2
}

// scryptMemory counts the table, and the blocks of all lanes but the first.
func scryptMemory(setting []byte) int {
	logN, r, p, ok := scryptCost(setting)
	if !ok {
		return 0
	}
	blocks := uint64(128*min(r, maxMemory/128)) * uint64(max(p-1, 0))
	return int(min(uint64(scryptBytes(logN, r))+blocks, maxMemory+1))
}

// maxScryptWork bounds N times r times p, hence time: 16 times what the greatest cost of crypt_gensalt takes.
const maxScryptWork = 16 * maxMemory / 128

// scryptHash is $7$parameters salt: scrypt of RFC 7914; the salt is its digits.
func scryptHash(password, setting []byte) ([]byte, error) {
	logN, r, p, ok := scryptCost(setting)
	if !ok || r == 0 || p == 0 {
		return nil, ErrRefused
	}
	prefix := setting[:14]
	salt := setting[14:]
	if end := bytes.LastIndexByte(salt, '$'); end >= 0 {
		salt = salt[:end]
	}
	if !scryptSalt(setting[14:]) || len(setting)+1+43+1 > maxOutput {
		return nil, ErrRefused
	}
	if scryptMemory(setting) > maxMemory || p > maxScryptWork>>logN/r {
		return nil, ErrUnsupported
	}
	sum, err := scrypt.Key(password, salt, 1<<logN, r, p, 32)
	if err != nil {
		return nil, ErrRefused
	}
	out := append(append(append([]byte(nil), prefix...), salt...), '$')
	return appendSum(out, sum), nil
}

// scryptSalt reports whether libxcrypt takes what follows the parameters: digits and dollars. The first byte that is neither has
// to stand behind a dollar; what follows it does not count.
func scryptSalt(b []byte) bool {
	for i, c := range b {
		if c != '$' && digit(c) < 0 {
			return i > 0 && b[i-1] == '$'
		}
	}
	return true
}

// appendSum writes 24 bits at a time, the lowest digit first.
func appendSum(out, sum []byte) []byte {
	for len(sum) > 0 {
		n := min(len(sum), 3)
		v := uint32(0)
		for i, c := range sum[:n] {
			v |= uint32(c) << (8 * i)
		}
		out = appendDigits(out, v, (8*n+5)/6)
		sum = sum[n:]
	}
	return out
}

// decode reads what appendSum has written. The bits that are over have to be zeros.
func decode(text []byte) (sum []byte, ok bool) {
	for len(text) > 0 {
		n := min(len(text), 4)
		v, ok := number(text, n)
		if !ok || n == 1 || v>>(6*n/8*8) != 0 {
			return nil, false
		}
		for range 6 * n / 8 {
			sum = append(sum, byte(v))
			v >>= 8
		}
		text = text[n:]
	}
	return sum, true
}
