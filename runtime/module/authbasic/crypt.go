package authbasic

import (
	"bytes"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/module/authbasic/xcrypt"
)

// verify compares a password with its stored form, once the limiter admits it. It returns an error for a form that the C library
// supports and this program does not. A form that neither supports matches no password. The password ends at a zero byte, as in
// nginx.
func (l *limiter) verify(stored, password []byte) (bool, error) {
	password, _, _ = bytes.Cut(password, []byte{0})
	switch {
	case hasPrefix(stored, "{PLAIN}"):
		return equal(stored[len("{PLAIN}"):], password), nil
	case hasPrefix(stored, "{SSHA}"):
		return verifySSHA(stored[len("{SSHA}"):], password), nil
	case hasPrefix(stored, "{SHA}"):
		sum := sha1.Sum(password)
		return equal(stored[len("{SHA}"):], base64.StdEncoding.AppendEncode(nil, sum[:])), nil
	}
	l.acquire(stored)
	defer l.release(stored)
	if hasPrefix(stored, apacheMD5) {
		return equal(stored, xcrypt.MD5(password, stored, apacheMD5)), nil
	}
	sum, err := xcrypt.Hash(password, stored)
	if errors.Is(err, xcrypt.ErrUnsupported) {
		return false, syscall.EINVAL
	}
	return err == nil && equal(stored, sum), nil
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// equal takes the same time wherever two texts of one length differ.
func equal(a, b []byte) bool { return len(a) > 0 && subtle.ConstantTimeCompare(a, b) == 1 }

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

// apacheMD5 is the MD5 crypt under Apache's prefix. It is nginx's own, and takes passwords of any length.
const apacheMD5 = "$apr1$"
