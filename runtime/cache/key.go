package cache

import (
	"crypto/md5"
	"encoding/hex"
)

// Key identifies an entry: the MD5 of its key's text, or of a variant of it. In
// hexadecimal digits it is the name of the entry's file.
type Key [md5.Size]byte

// KeyOf returns the key of a text.
func KeyOf(text []byte) Key { return md5.Sum(text) }

// keyDigits is the length of a file's name.
const keyDigits = 2 * md5.Size

// appendPath appends the name of k's file, as nginx makes it: DIR, a folder for each
// level, named by the last digits, and all digits. It ends without a NUL.
func (o *Options) appendPath(dst []byte, k *Key) []byte {
	var digits [keyDigits]byte
	hex.Encode(digits[:], k[:])
	dst = append(dst, o.Dir...)
	end := len(digits)
	for _, n := range o.Levels {
		if n == 0 {
			break
		}
		dst = append(append(dst, '/'), digits[end-n:end]...)
		end -= n
	}
	return append(append(dst, '/'), digits[:]...)
}
