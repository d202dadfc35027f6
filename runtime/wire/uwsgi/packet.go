package uwsgi

import "encoding/binary"

// headSize is the size of what precedes a packet's variables.
const headSize = 4

// MaxSize is the largest size of a packet's variables.
const MaxSize = 1<<16 - 1

// Begin appends the head of a packet, whose size is filled in by End. at is where the packet begins.
func Begin(dst []byte, modifier1, modifier2 byte) (b []byte, at int) {
	return append(dst, modifier1, 0, 0, modifier2), len(dst)
}

// AppendPair appends a variable. One that is too long for its sizes makes the packet too large.
func AppendPair(dst, name, value []byte) []byte {
	dst = appendSize(dst, len(name))
	dst = append(dst, name...)
	dst = appendSize(dst, len(value))
	return append(dst, value...)
}

func appendSize(dst []byte, n int) []byte { return binary.LittleEndian.AppendUint16(dst, uint16(n)) }

// End fills in the size of the packet that begins at and ends with b. ok is false where the size is above MaxSize.
func End(b []byte, at int) (size int, ok bool) {
	if size = len(b) - at - headSize; size > MaxSize {
		return size, false
	}
	binary.LittleEndian.PutUint16(b[at+1:], uint16(size))
	return size, true
}

// Packet is a packet as it is read. Vars has the variables as they were sent.
type Packet struct {
	Modifier1, Modifier2 byte
	Vars                 []byte
}

// Parse reads the packet at the beginning of b, n bytes of it. complete is false where b ends inside it.
func Parse(b []byte) (p Packet, n int, complete bool) {
	if len(b) < headSize {
		return p, 0, false
	}
	n = headSize + int(binary.LittleEndian.Uint16(b[1:]))
	if len(b) < n {
		return p, 0, false
	}
	return Packet{Modifier1: b[0], Modifier2: b[3], Vars: b[headSize:n]}, n, true
}

// Next takes the first variable off the packet. ok is false at its end, and where what is left is no variable.
func (p *Packet) Next() (name, value []byte, ok bool) {
	name, rest, ok := text(p.Vars)
	if !ok {
		return nil, nil, false
	}
	value, rest, ok = text(rest)
	if ok {
		p.Vars = rest
	}
	return name, value, ok
}

// text cuts a text with its size in front off b.
func text(b []byte) (t, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, b, false
	}
	n := int(binary.LittleEndian.Uint16(b))
	if len(b)-2 < n {
		return nil, b, false
	}
	return b[2 : 2+n], b[2+n:], true
}
