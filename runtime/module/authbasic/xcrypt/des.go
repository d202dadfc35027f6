package xcrypt

import (
	"encoding/binary"
	"math/bits"
	"sync"
)

// The traditional crypt(3) is DES, 25 times over a block of zeros, with the
// password as the key and twelve bits of salt that swap bits of the expansion.
// The tables are those of FIPS 46-3, bits counted from 1 at the left.

var desIP = [64]byte{
	58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
	57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
}

var desP = [32]byte{
	16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
}

var desPC1 = [56]byte{
	57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
	63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
}

var desPC2 = [48]byte{
	14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
	41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
}

var desShifts = [16]byte{1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1}

var desS = [8][64]byte{
	{
		14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8,
		4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13,
	},
	{
		15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5,
		0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9,
	},
	{
		10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1,
		13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12,
	},
	{
		7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9,
		10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14,
	},
	{
		2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6,
		4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3,
	},
	{
		12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8,
		9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13,
	},
	{
		4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6,
		1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12,
	},
	{
		13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2,
		7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11,
	},
}

// desTables are the S-boxes with the permutation behind them applied.
var desTables = sync.OnceValue(func() *[8][64]uint32 {
	var out [8][64]uint32
	for box := range out {
		for six := range out[box] {
			row, column := six>>4&2|six&1, six>>1&15
			v := uint64(desS[box][row*16+column]) << (28 - 4*box)
			out[box][six] = uint32(permute(v, 32, desP[:]))
		}
	}
	return &out
})

// desCipher is DES with a key and a salt.
type desCipher struct {
	keys [16]uint64
	swap uint64 // the bits of the expansion's first half that change places with the second's
	sp   *[8][64]uint32
}

func newDES(key uint64, salt uint32) desCipher {
	c := desCipher{sp: desTables()}
	k := permute(key, 64, desPC1[:])
	left, right := k>>28, k&(1<<28-1)
	for i, n := range desShifts {
		left = (left<<n | left>>(28-n)) & (1<<28 - 1)
		right = (right<<n | right>>(28-n)) & (1<<28 - 1)
		c.keys[i] = permute(left<<28|right, 56, desPC2[:])
	}
	for i := range 24 {
		c.swap |= uint64(salt) >> i & 1 << (23 - i)
	}
	return c
}

// encrypt encrypts a block count times. Between two times the last and the first permutation cancel out.
func (c *desCipher) encrypt(block uint64, count uint32) uint64 {
	block = permute(block, 64, desIP[:])
	l, r := uint32(block>>32), uint32(block)
	for range count {
		for _, key := range c.keys {
			l, r = r, l^c.round(r, key)
		}
		l, r = r, l
	}
	block = uint64(l)<<32 | uint64(r)
	out := uint64(0)
	for i, at := range desIP { // the inverse
		out |= block >> (63 - i) & 1 << (64 - int(at))
	}
	return out
}

func (c *desCipher) round(r uint32, key uint64) (f uint32) {
	e := uint64(0) // eight groups of four bits, each with its neighbours
	for i := range 8 {
		e = e<<6 | uint64(bits.RotateLeft32(r, 5+4*i)&63)
	}
	t := (e>>24 ^ e) & c.swap
	e ^= t<<24 | t
	e ^= key
	for i := range 8 {
		f |= c.sp[i][e>>(42-6*i)&63]
	}
	return f
}

// permute picks bits of an n-bit number by a table.
func permute(v uint64, n int, table []byte) (out uint64) {
	for _, at := range table {
		out = out<<1 | v>>(n-int(at))&1
	}
	return out
}

// desKey makes a key of the first eight bytes of a password, and returns the others.
func desKey(password []byte) (key uint64, rest []byte) {
	var b [8]byte
	n := copy(b[:], password)
	for i := range b {
		b[i] <<= 1
	}
	return binary.BigEndian.Uint64(b[:]), password[n:]
}

// appendDES writes 64 bits and two zeros, the highest first.
func appendDES(out []byte, block uint64) []byte {
	for shift := 58; shift >= 0; shift -= 6 {
		out = append(out, alphabet[block>>shift&63])
	}
	return append(out, alphabet[block<<2&63])
}

const (
	desCount     = 25
	desSetting   = 13 // a longer one is bigcrypt's
	maxBigBlocks = 16
)

// desCrypt is the traditional crypt of two digits of salt. Where the setting is longer than its output it is bigcrypt of
// Digital UNIX: a hash for every eight bytes, whose salt is the beginning of the one before.
func desCrypt(password, setting []byte) ([]byte, error) {
	salt, ok := number(setting, 2)
	if !ok {
		return nil, ErrRefused
	}
	blocks := 1
	if len(setting) > desSetting {
		blocks = maxBigBlocks
	}
	out := append([]byte(nil), setting[:2]...)
	for range blocks {
		var key uint64
		key, password = desKey(password)
		c := newDES(key, salt)
		at := len(out)
		out = appendDES(out, c.encrypt(0, desCount))
		if len(password) == 0 {
			break
		}
		salt, _ = number(out[at:], 2)
	}
	return out, nil
}

// bsdiCrypt is _ccccssss: four digits of count and four of salt. A password of any length is folded into a key.
func bsdiCrypt(password, setting []byte) ([]byte, error) {
	if len(setting) < 9 {
		return nil, ErrRefused
	}
	count, ok := number(setting[1:5], 4)
	salt, ok2 := number(setting[5:9], 4)
	if !ok || !ok2 {
		return nil, ErrRefused
	}
	key, rest := desKey(password)
	for len(rest) > 0 {
		c := newDES(key, 0)
		next, tail := desKey(rest)
		key, rest = next^c.encrypt(key, 1), tail
	}
	c := newDES(key, salt)
	return appendDES(append([]byte(nil), setting[:9]...), c.encrypt(0, max(count, 1))), nil
}
