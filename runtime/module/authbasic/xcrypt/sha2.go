package xcrypt

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strconv"
)

// shaVariant is one of the two crypts with SHA-2, as Ulrich Drepper specified
// them.
type shaVariant struct {
	magic string
	sum   func() hash.Hash
	size  int
	order []int8 // of the digest's bytes in the output, three to a group; -1: none
}

var sha256Crypt = shaVariant{"$5$", sha256.New, sha256.Size, []int8{
	0, 10, 20, 21, 1, 11, 12, 22, 2, 3, 13, 23, 24, 4, 14, 15, 25, 5, 6, 16, 26, 27, 7, 17, 18, 28, 8, 9, 19, 29, -1, 31, 30,
}}

var sha512Crypt = shaVariant{"$6$", sha512.New, sha512.Size, []int8{
	0, 21, 42, 22, 43, 1, 44, 2, 23, 3, 24, 45, 25, 46, 4, 47, 5, 26, 6, 27, 48, 28, 49, 7, 50, 8, 29, 9, 30, 51, 31, 52, 10,
	53, 11, 32, 12, 33, 54, 34, 55, 13, 56, 14, 35, 15, 36, 57, 37, 58, 16, 59, 17, 38, 18, 39, 60, 40, 61, 19, 62, 20, 41,
	-1, -1, 63,
}}

// The rounds of the SHA crypts.
const (
	shaRounds    = 5000
	minSHARounds = 1000
	maxSHARounds = 999_999_999
)

// hash hashes a password with the salt and rounds of its stored form.
func (v *shaVariant) hash(password, setting []byte) ([]byte, error) {
	rest := setting[len(v.magic):]
	count, given := uint64(shaRounds), false
	if after, ok := bytes.CutPrefix(rest, []byte("rounds=")); ok {
		n, tail, ok := decimal(after, maxSHARounds)
		if !ok || n < minSHARounds || len(tail) == 0 || tail[0] != '$' {
			return nil, ErrRefused
		}
		count, given, rest = n, true, tail[1:]
	}
	salt := salt(rest, 16)
	sum := v.digest(password, salt, count)

	out := append([]byte(nil), v.magic...)
	if given {
		out = append(strconv.AppendUint(append(out, "rounds="...), count, 10), '$')
	}
	out = append(append(out, salt...), '$')
	for i := 0; i < len(v.order); i += 3 {
		word, digits := uint32(0), 1
		for _, at := range v.order[i : i+3] {
			word <<= 8
			if at >= 0 {
				word |= uint32(sum[at])
				digits++
			}
		}
		out = appendDigits(out, word, digits)
	}
	return out, nil
}

// digest makes the sum that is printed. The names of its parts are the specification's.
func (v *shaVariant) digest(password, salt []byte, count uint64) []byte {
	h := v.sum()
	h.Write(password)
	h.Write(salt)
	h.Write(password)
	b := h.Sum(nil)

	h.Reset()
	h.Write(password)
	h.Write(salt)
	h.Write(repeated(b, len(password)))
	for n := len(password); n > 0; n >>= 1 {
		if n&1 != 0 {
			h.Write(b)
		} else {
			h.Write(password)
		}
	}
	a := h.Sum(nil)

	h.Reset()
	for range password {
		h.Write(password)
	}
	p := repeated(h.Sum(nil), len(password))

	h.Reset()
	for range 16 + int(a[0]) {
		h.Write(salt)
	}
	s := repeated(h.Sum(nil), len(salt))

	return rounds(h, a, p, s, count)
}
