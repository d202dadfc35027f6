package hpack

// codeLengths are the lengths in bits of the Huffman code of each byte (RFC 7541, Appendix B). The code is canonical: of codes
// of one length, that of the smaller byte is the smaller one, and the one of the end of the string is the last of all.
var codeLengths = [256]uint8{
	13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
	28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
	6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
	5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
	13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
	7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
	15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
	6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
	20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
	24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
	22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
	21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
	26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
	19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
	20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
	26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
}

// code is the Huffman code of a byte: its lowest length bits.
type code struct {
	bits   uint32
	length uint8
}

// eosLength is the length of the code of the end of the string, all of whose bits are set.
const eosLength = 30

var codes = makeCodes()

func makeCodes() (c [256]code) {
	next := uint32(0)
	for length := uint8(1); length <= eosLength; length++ {
		for b, l := range codeLengths {
			if l == length {
				c[b] = code{next, length}
				next++
			}
		}
		next <<= 1
	}
	return c
}

// shortCode is the length of the codes that are decoded by one look into quick. Those of nearly all that headers are made of
// are not longer.
const shortCode = 8

// symbol is what a number of bits begins with: a byte, whose code has the length; 0: a code that is longer than shortCode.
type symbol struct{ sym, length uint8 }

// ordered are all bytes by the length of their codes, and by their value where it is the same. Those of one length have
// codes that follow each other.
var ordered, byLength, quick = makeDecoder()

// group are the codes of one length.
type group struct {
	first  uint32 // code
	count  uint32
	offset uint32 // of the first one in ordered
}

func makeDecoder() (order [256]byte, groups [eosLength + 1]group, quick [1 << shortCode]symbol) {
	n := 0
	for length := range groups {
		groups[length].offset = uint32(n)
		for b, c := range codes {
			if int(c.length) != length {
				continue
			}
			if groups[length].count == 0 {
				groups[length].first = c.bits
			}
			groups[length].count++
			order[n] = byte(b)
			n++
			for fill := 0; length <= shortCode && fill < 1<<(shortCode-length); fill++ {
				quick[int(c.bits)<<(shortCode-length)|fill] = symbol{byte(b), c.length}
			}
		}
	}
	return order, groups, quick
}

// maxDecoded is how many bytes a Huffman-encoded string of n bytes stands for at most: the shortest code has five bits.
func maxDecoded(n int) int { return n * 8 / 5 }

// decodeHuffman appends what p stands for to dst. ok is false where p is no encoded string.
func decodeHuffman(dst, p []byte) (out []byte, ok bool) {
	acc, n := uint64(0), uint(0) // the next n bits are the lowest of acc
	for {
		for n <= 56 && len(p) > 0 {
			acc = acc<<8 | uint64(p[0])
			n += 8
			p = p[1:]
		}
		for n >= shortCode {
			s := quick[uint8(acc>>(n-shortCode))]
			if s.length == 0 {
				break
			}
			dst = append(dst, s.sym)
			n -= uint(s.length)
		}
		switch {
		case len(p) == 0 && n < eosLength && onlyOnes(acc, n):
			return dst, true
		case n >= eosLength || n >= shortCode && len(p) == 0:
			b, length := longCode(acc, n)
			if length == 0 {
				return dst, false
			}
			dst = append(dst, b)
			n -= length
		case len(p) > 0:
		default:
			return decodeLast(dst, acc, n)
		}
	}
}

// onlyOnes reports whether the last n bits are ones: the beginning of the code that ends a string, which fills its last byte.
// RFC 7541, section 5.2, allows seven of them. nginx takes more, up to the whole code.
func onlyOnes(acc uint64, n uint) bool { return acc|^(1<<n-1) == ^uint64(0) }

// longCode decodes a code of more than shortCode bits, which the lowest n of acc begin with. Length is 0 where there is none.
func longCode(acc uint64, n uint) (b byte, length uint) {
	for length = shortCode + 1; length <= min(n, eosLength); length++ {
		g := &byLength[length]
		if i := uint32(acc>>(n-length))&(1<<length-1) - g.first; i < g.count {
			return ordered[g.offset+i], length
		}
	}
	return 0, 0
}

// decodeLast decodes the last n bits, which are fewer than shortCode. Behind the last code there are only ones.
func decodeLast(dst []byte, acc uint64, n uint) (out []byte, ok bool) {
	for {
		if onlyOnes(acc, n) {
			return dst, true
		}
		s := quick[uint8(acc<<(shortCode-n)|(1<<(shortCode-n)-1))]
		if s.length == 0 || uint(s.length) > n {
			return dst, false
		}
		dst = append(dst, s.sym)
		n -= uint(s.length)
	}
}

// encodedLength is how many bytes the Huffman code of p takes, in lower case where lower is set.
func encodedLength(p []byte, lower bool) int {
	bits := 0
	for _, b := range p {
		if lower {
			b = lowerCase(b)
		}
		bits += int(codeLengths[b])
	}
	return (bits + 7) / 8
}

// appendHuffman appends the Huffman code of p.
func appendHuffman(dst, p []byte, lower bool) []byte {
	acc, n := uint64(0), uint(0)
	for _, b := range p {
		if lower {
			b = lowerCase(b)
		}
		c := codes[b]
		acc = acc<<c.length | uint64(c.bits)
		for n += uint(c.length); n >= 8; n -= 8 {
			dst = append(dst, byte(acc>>(n-8)))
		}
	}
	if n > 0 { // what is left of the last byte are the first bits of the end of the string
		dst = append(dst, byte(acc<<(8-n))|0xff>>n)
	}
	return dst
}
