package xcrypt

import (
	"crypto/hmac"
	"crypto/sha1"
	"strconv"

	"golang.org/x/crypto/md4" //nolint:staticcheck // stored hashes are made with it
)

// sha1Crypt is NetBSD's $sha1$iterations$salt$: HMAC-SHA1, with the password as the key, over and over.
func sha1Crypt(password, setting []byte) ([]byte, error) {
	const magic = "$sha1$"
	if !hasPrefix(setting, magic) {
		return nil, ErrRefused
	}
	rest := setting[len(magic):]
	count := uint64(0)
	for len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
		if count = count*10 + uint64(rest[0]-'0'); count > 1<<32-1 {
			return nil, ErrRefused
		}
		rest = rest[1:]
	}
	if len(rest) == 0 || rest[0] != '$' {
		return nil, ErrRefused
	}
	salt := rest[1:]
	n := digits(salt)
	if n == 0 || n < len(salt) && salt[n] != '$' {
		return nil, ErrRefused
	}
	salt = salt[:n]

	h := hmac.New(sha1.New, password)
	h.Write(salt)
	h.Write([]byte(magic))
	h.Write(strconv.AppendUint(nil, count, 10))
	sum := h.Sum(nil)
	for i := uint64(1); i < count; i++ {
		h.Reset()
		h.Write(sum)
		sum = h.Sum(sum[:0])
	}
	out := append(strconv.AppendUint([]byte(magic), count, 10), '$')
	out = append(append(out, salt...), '$')
	for i := 0; i < sha1.Size; i += 3 {
		third := sum[0] // where the sum has ended
		if i+2 < sha1.Size {
			third = sum[i+2]
		}
		out = appendDigits(out, uint32(sum[i])<<16|uint32(sum[i+1])<<8|uint32(third), 4)
	}
	if len(out) >= maxOutput {
		return nil, ErrRefused
	}
	return out, nil
}

// ntHash is $3$: MD4 of the password in UTF-16, its bytes taken for characters.
func ntHash(password, _ []byte) ([]byte, error) {
	h := md4.New()
	for _, c := range password {
		h.Write([]byte{c, 0})
	}
	const hex = "0123456789abcdef"
	out := []byte("$3$$")
	for _, c := range h.Sum(nil) {
		out = append(out, hex[c>>4], hex[c&15])
	}
	return out, nil
}
