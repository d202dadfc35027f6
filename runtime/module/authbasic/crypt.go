package authbasic

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"syscall"

	"golang.org/x/crypto/bcrypt"
)

// verify compares a password with its stored form. An error says that the C
// library knows the form and this package does not. What nobody knows fits no
// password.
func verify(stored, password []byte) (bool, error) {
	switch {
	case hasPrefix(stored, "{PLAIN}"):
		return equal(stored[len("{PLAIN}"):], password), nil
	case hasPrefix(stored, "{SSHA}"):
		return verifySSHA(stored[len("{SSHA}"):], password), nil
	case hasPrefix(stored, "{SHA}"):
		sum := sha1.Sum(password)
		return equal(stored[len("{SHA}"):], base64.StdEncoding.AppendEncode(nil, sum[:])), nil
	case hasPrefix(stored, "$apr1$"):
		return equal(stored, md5Crypt(stored, password, "$apr1$")), nil
	case hasPrefix(stored, "$1$"):
		return equal(stored, md5Crypt(stored, password, "$1$")), nil
	case hasPrefix(stored, "$5$"):
		return equal(stored, shaCrypt(stored, password, &sha256Crypt)), nil
	case hasPrefix(stored, "$6$"):
		return equal(stored, shaCrypt(stored, password, &sha512Crypt)), nil
	case hasPrefix(stored, "$2a$"), hasPrefix(stored, "$2b$"), hasPrefix(stored, "$2y$"):
		return bcrypt.CompareHashAndPassword(stored, password[:min(len(password), maxBcrypt)]) == nil, nil
	case hasPrefix(stored, "$"):
		for _, form := range foreign {
			if hasPrefix(stored, form) {
				return false, syscall.EINVAL
			}
		}
		return false, nil
	}
	return equal(stored, desCrypt(stored, password)), nil
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// equal takes the same time wherever two texts of one length differ.
func equal(a, b []byte) bool { return len(a) > 0 && subtle.ConstantTimeCompare(a, b) == 1 }

// maxBcrypt is how much of a password bcrypt looks at.
const maxBcrypt = 72

// foreign are the forms of libxcrypt that are not here: yescrypt, its relative
// with a GOST hash, scrypt, those of SunOS, NetBSD and of NT.
var foreign = []string{"$y$", "$gy$", "$7$", "$md5", "$sha1$", "$3$"}

// verifySSHA checks base64(SHA1(password salt) salt).
func verifySSHA(stored, password []byte) bool {
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(stored)))
	n, err := base64.StdEncoding.Decode(raw, stored)
	if err != nil || n < sha1.Size {
		return false
	}
	salted := append(append(make([]byte, 0, len(password)+n), password...), raw[sha1.Size:n]...)
	sum := sha1.Sum(salted)
	return subtle.ConstantTimeCompare(sum[:], raw[:sha1.Size]) == 1
}

// alphabet are the digits of crypt's own base 64.
const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// appendDigits appends n digits of v, the lowest first.
func appendDigits(dst []byte, v uint32, n int) []byte {
	for range n {
		dst = append(dst, alphabet[v&63])
		v >>= 6
	}
	return dst
}

// saltOf returns the salt after a prefix: up to the next dollar, at most limit
// bytes.
func saltOf(stored []byte, limit int) []byte {
	if end := bytes.IndexByte(stored, '$'); end >= 0 {
		stored = stored[:end]
	}
	return stored[:min(len(stored), limit)]
}

// md5Crypt is Poul-Henning Kamp's crypt with MD5, as $1$ and, with another
// prefix, Apache's $apr1$.
func md5Crypt(stored, password []byte, magic string) []byte {
	salt := saltOf(stored[len(magic):], 8)
	h := md5.New()
	h.Write(password)
	h.Write(salt)
	h.Write(password)
	sum := h.Sum(nil)

	h.Reset()
	h.Write(password)
	h.Write([]byte(magic))
	h.Write(salt)
	for n := len(password); n > 0; n -= md5.Size {
		h.Write(sum[:min(n, md5.Size)])
	}
	for n := len(password); n > 0; n >>= 1 {
		if n&1 != 0 {
			h.Write([]byte{0})
		} else {
			h.Write(password[:1])
		}
	}
	sum = h.Sum(sum[:0])

	for i := range 1000 {
		first, last := sum, password
		if i&1 != 0 {
			first, last = password, sum
		}
		h.Reset()
		h.Write(first)
		if i%3 != 0 {
			h.Write(salt)
		}
		if i%7 != 0 {
			h.Write(password)
		}
		h.Write(last)
		sum = h.Sum(sum[:0])
	}

	out := append(append(append([]byte(nil), magic...), salt...), '$')
	for i, third := range [5]int{12, 13, 14, 15, 5} {
		out = appendDigits(out, uint32(sum[i])<<16|uint32(sum[i+6])<<8|uint32(sum[third]), 4)
	}
	return appendDigits(out, uint32(sum[11]), 2)
}
