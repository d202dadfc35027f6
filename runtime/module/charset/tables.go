package charset

import (
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// table is how one set becomes another. Exactly one field is set.
type table struct {
	bytes    *[256]byte       // one byte for each
	toUTF8   *[256]sequence   // the sequence for each byte
	fromUTF8 *[256]*[256]byte // by the upper and lower byte of a code point; 0: none
}

// sequence is a UTF-8 sequence.
type sequence struct {
	n uint8
	b [maxSequence]byte
}

// maxSequence is the longest sequence a map may contain.
const maxSequence = 3

// newTables returns the tables of a map that has no items yet: ASCII is the
// same, the rest has no equivalent.
func newTables(utf8 bool) (forward, back table) {
	if !utf8 {
		forward.bytes, back.bytes = new([256]byte), new([256]byte)
		for i := range forward.bytes {
			c := byte('?')
			if i < 0x80 {
				c = byte(i)
			}
			forward.bytes[i], back.bytes[i] = c, c
		}
		return forward, back
	}
	forward.toUTF8, back.fromUTF8 = new([256]sequence), new([256]*[256]byte)
	ascii := new([256]byte)
	back.fromUTF8[0] = ascii
	for i := range forward.toUTF8 {
		c := byte('?')
		if i < 0x80 {
			c = byte(i)
			ascii[i] = c
		}
		forward.toUTF8[i] = sequence{n: 1, b: [maxSequence]byte{c}}
	}
	return forward, back
}

// addMap handles `charset_map from to { ... }`.
func (x *module) addMap(c *conf.Cmd) error {
	from, to := x.add(c.Arg(0)), x.add(c.Arg(1))
	switch {
	case from == to:
		return c.Errorf(`"charset_map" between the same charsets "%s" and "%s"`, c.Arg(0), c.Arg(1))
	case from.utf8:
		return c.Errorf(`"charset_map" with "utf-8" charset should be given in the second column`)
	case x.table(from, to) != nil:
		return c.Errorf(`duplicate "charset_map" between "%s" and "%s"`, c.Arg(0), c.Arg(1))
	}
	m := &conversion{from: from, to: to}
	m.forward, m.back = newTables(to.utf8)
	x.maps = append(x.maps, m)
	for n := range c.Items() {
		if text := m.item(n); text != "" {
			c.ItemErr(n, "%s", text)
			break
		}
	}
	return nil
}

// item adds one line of a map and returns what is wrong with it.
func (m *conversion) item(n *conf.Node) (wrong string) {
	switch {
	case n.Err != nil:
		return n.Err.Msg
	case n.IsBlock:
		return `unexpected "{"`
	case len(n.Args) != 1:
		return "invalid parameters number"
	}
	key, value := n.Name.Value, n.Args[0].Value
	src, ok := hexByte(key)
	if !ok {
		return `invalid value "` + key + `"`
	}
	if m.to.utf8 {
		ok = m.addSequence(src, value)
	} else {
		var dst byte
		if dst, ok = hexByte(value); ok {
			m.forward.bytes[src], m.back.bytes[dst] = dst, src
		}
	}
	if !ok {
		return `invalid value "` + value + `"`
	}
	return ""
}

// addSequence makes the UTF-8 sequence that is written in hexadecimal digits
// the equivalent of a byte.
func (m *conversion) addSequence(src byte, digits string) bool {
	if len(digits)/2 > maxSequence || len(digits)%2 != 0 {
		return false
	}
	s := sequence{n: uint8(len(digits) / 2)}
	for i := range int(s.n) {
		b, ok := hexByte(digits[2*i : 2*i+2])
		if !ok {
			return false
		}
		s.b[i] = b
	}
	if s.n == 0 {
		return false
	}
	point, _ := decode(s.b[:s.n])
	if point > 0xffff {
		return false
	}
	m.forward.toUTF8[src] = s
	page := m.back.fromUTF8[point>>8]
	if page == nil {
		page = new([256]byte)
		m.back.fromUTF8[point>>8] = page
	}
	page[point&0xff] = src
	return true
}

// hexByte reads a number of any count of hexadecimal digits up to 255.
func hexByte(s string) (byte, bool) {
	n, err := strconv.ParseUint(s, 16, 64)
	return byte(n), err == nil && n <= 0xff
}
