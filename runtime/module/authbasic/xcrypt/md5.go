package xcrypt

import (
	"bytes"
	"crypto/md5"
	"hash"
	"strconv"
)

// md5Crypt is $1$salt: Poul-Henning Kamp's crypt with MD5.
func md5Crypt(password, setting []byte) ([]byte, error) { return MD5(password, setting, "$1$"), nil }

const md5Rounds = 1000

// MD5 is the MD5 crypt under any prefix, $1$ or Apache's $apr1$. The setting begins with magic, the prefix; up to 8 bytes of
// salt follow. The password may have any length.
func MD5(password, setting []byte, magic string) []byte {
	salt := salt(setting[len(magic):], 8)
	h := md5.New()
	h.Write(password)
	h.Write(salt)
	h.Write(password)
	sum := h.Sum(nil)

	h.Reset()
	h.Write(password)
	h.Write([]byte(magic))
	h.Write(salt)
	h.Write(repeated(sum, len(password)))
	for n := len(password); n > 0; n >>= 1 {
		if n&1 != 0 {
			h.Write([]byte{0})
		} else {
			h.Write(password[:1])
		}
	}
	sum = rounds(h, h.Sum(sum[:0]), password, salt, md5Rounds)
	return appendMD5(append(append(append([]byte(nil), magic...), salt...), '$'), sum)
}

// rounds hashes sum so many times, in turns with the password and the salt, and returns the last sum. The crypts with MD5 and
// SHA-2 share it. The memory of sum is used.
func rounds(h hash.Hash, sum, password, salt []byte, count uint64) []byte {
	for i := range count {
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
	return sum
}

// appendMD5 writes an MD5 sum in the order of the MD5 crypts.
func appendMD5(out, sum []byte) []byte {
	for i, third := range [5]int{12, 13, 14, 15, 5} {
		out = appendDigits(out, uint32(sum[i])<<16|uint32(sum[i+6])<<8|uint32(sum[third]), 4)
	}
	return appendDigits(out, uint32(sum[11]), 2)
}

// sunMD5 is SunOS's $md5$salt$ or $md5,rounds=N$salt$: rounds of MD5, some of which take in a soliloquy.
func sunMD5(password, setting []byte) ([]byte, error) {
	rest := setting[len("$md5"):]
	if len(rest) == 0 || rest[0] != '$' && rest[0] != ',' {
		return nil, ErrRefused
	}
	rest = rest[1:]
	count := uint32(4096)
	if after, ok := bytes.CutPrefix(rest, []byte("rounds=")); ok {
		n, tail, ok := decimal(after, 1<<32-1)
		if !ok || len(tail) == 0 || tail[0] != '$' {
			return nil, ErrRefused
		}
		count += uint32(n) // wraps around, as the C library's does
		rest = tail[1:]
	}
	rest = rest[digits(rest):]
	if len(rest) > 0 && rest[0] != '$' {
		return nil, ErrRefused
	}
	// A dollar belongs to the salt where another or nothing follows.
	if len(rest) == 1 || len(rest) > 1 && rest[1] == '$' {
		rest = rest[1:]
	}
	salt := setting[:len(setting)-len(rest)]

	h := md5.New()
	h.Write(password)
	h.Write(salt)
	sum := h.Sum(nil)
	var text [10]byte
	for i := range count {
		h.Reset()
		h.Write(sum)
		if sunCoin(sum, i) {
			h.Write([]byte(soliloquy))
		}
		h.Write(strconv.AppendUint(text[:0], uint64(i), 10))
		sum = h.Sum(sum[:0])
	}
	return appendMD5(append(append([]byte(nil), salt...), '$'), sum), nil
}

// sunCoin decides by the last sum whether a round takes in the soliloquy: the coin toss of SunOS.
func sunCoin(sum []byte, round uint32) bool {
	bit := func(n uint32) uint32 { return uint32(sum[n%128/8]) >> (n % 8) & 1 }
	half := func(from int) (v uint32) {
		for i := range 8 {
			a, b := sum[(from+i)%16], sum[(from+i+3)%16]
			at := uint32(sum[a>>(b%5)%16])
			at >>= b >> (a % 8) & 1
			v |= bit(at) << i
		}
		return v
	}
	x, y := half(0), half(8)
	x >>= bit(round)
	y >>= bit(round + 64)
	return bit(x) != bit(y)
}

// soliloquy is Hamlet's, and a zero byte.
const soliloquy = `To be, or not to be,--that is the question:--
Whether 'tis nobler in the mind to suffer
The slings and arrows of outrageous fortune
Or to take arms against a sea of troubles,
And by opposing end them?--To die,--to sleep,--
No more; and by a sleep to say we end
The heartache, and the thousand natural shocks
That flesh is heir to,--'tis a consummation
Devoutly to be wish'd. To die,--to sleep;--
To sleep! perchance to dream:--ay, there's the rub;
For in that sleep of death what dreams may come,
When we have shuffled off this mortal coil,
Must give us pause: there's the respect
That makes calamity of so long life;
For who would bear the whips and scorns of time,
The oppressor's wrong, the proud man's contumely,
The pangs of despis'd love, the law's delay,
The insolence of office, and the spurns
That patient merit of the unworthy takes,
When he himself might his quietus make
With a bare bodkin? who would these fardels bear,
To grunt and sweat under a weary life,
But that the dread of something after death,--
The undiscover'd country, from whose bourn
No traveller returns,--puzzles the will,
And makes us rather bear those ills we have
Than fly to others that we know not of?
Thus conscience does make cowards of us all;
And thus the native hue of resolution
Is sicklied o'er with the pale cast of thought;
And enterprises of great pith and moment,
With this regard, their currents turn awry,
And lose the name of action.--Soft you now!
The fair Ophelia!--Nymph, in thy orisons
Be all my sins remember'd.
` + "\x00"
