package xcrypt

import (
	"encoding/base64"
	"encoding/binary"

	"golang.org/x/crypto/blowfish" //nolint:staticcheck // stored hashes are made with it
)

// bcryptDigits is bcrypt's base 64, which has the common order of bits.
var bcryptDigits = base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)

const (
	bcryptSetting = 29 // $2b$, two digits, a dollar, 22 digits of salt
	bcryptSalt    = 16
	bcryptSum     = 23
)

// bcryptHash is $2b$NN$salt: Blowfish with a key schedule of 2^NN rounds. $2y$ is the same, $2x$ extends the sign of each
// byte of the password as an old program did, and $2a$ flips a bit where the two could be confused.
func bcryptHash(password, setting []byte) ([]byte, error) {
	if len(setting) < bcryptSetting || setting[6] != '$' {
		return nil, ErrRefused
	}
	tens, ones := int(setting[4])-'0', int(setting[5])-'0'
	cost := tens*10 + ones
	if tens < 0 || tens > 3 || ones < 0 || ones > 9 || cost < 4 || cost > 31 {
		return nil, ErrRefused
	}
	var salt [bcryptSalt + 1]byte
	n, err := bcryptDigits.Decode(salt[:], setting[7:bcryptSetting])
	if err != nil || n != bcryptSalt {
		return nil, ErrRefused
	}
	first, key := bcryptKeys(password, setting[2])
	c, err := blowfish.NewSaltedCipher(first[:], salt[:bcryptSalt])
	if err != nil {
		return nil, ErrRefused
	}
	for range uint64(1) << cost {
		blowfish.ExpandKey(key[:], c)
		blowfish.ExpandKey(salt[:bcryptSalt], c)
	}
	sum := []byte("OrpheanBeholderScryDoubt")
	for i := 0; i < len(sum); i += blowfish.BlockSize {
		for range 64 {
			c.Encrypt(sum[i:], sum[i:])
		}
	}
	out := append([]byte(nil), setting[:7]...)
	out = bcryptDigits.AppendEncode(out, salt[:bcryptSalt]) // which clears the last digit's unused bits
	return bcryptDigits.AppendEncode(out, sum[:bcryptSum]), nil
}

// bcryptWords is the number of words of Blowfish's key.
const bcryptWords = 18

// bcryptKeys spreads a password and the zero byte behind it over the words of the key. The first schedule's key may differ
// in a bit.
func bcryptKeys(password []byte, minor byte) (first, key [4 * bcryptWords]byte) {
	differ, sign := uint32(0), uint32(0)
	at := 0
	for i := range bcryptWords {
		right, wrong := uint32(0), uint32(0)
		for j := range 4 {
			c := byte(0)
			if at < len(password) {
				c = password[at]
			}
			right = right<<8 | uint32(c)
			wrong = wrong<<8 | uint32(int32(int8(c)))
			if j > 0 {
				sign |= wrong & 0x80
			}
			if at++; at > len(password) {
				at = 0
			}
		}
		differ |= right ^ wrong
		if minor == 'x' {
			right = wrong
		}
		binary.BigEndian.PutUint32(key[4*i:], right)
	}
	first = key
	// Sign extension in all but the highest byte of a word, and no difference by it in the lower half of any: another
	// password could have the same key in the old program.
	if minor == 'a' && sign != 0 && (differ|differ>>16)&0xffff == 0 {
		first[1] ^= 1 // bit 16 of the first word
	}
	return first, key
}
