package hpack

// Start is what precedes the texts of a field, as far as it has come. It serves those who limit what they take, or say what is
// wrong with a block.
type Start struct {
	Resize bool // it is no field, but a new size of the dynamic table: Index
	Index  int  // the place in the tables of the field, or of its name; 0: the name is a text. -1: not known
	// Name and Value are the most bytes that the texts can have; -1: not known, or the text is one of the tables.
	Name, Value int
}

// Look looks at the first field of a block. A status other than OK says why the rest is not known: Truncated, or BadInteger.
func Look(block []byte) (s Start, st Status) {
	s = Start{Index: -1, Name: -1, Value: -1}
	if len(block) == 0 {
		return s, Truncated
	}
	bits := uint8(4)
	switch b := block[0]; {
	case b&0x80 != 0:
		bits = 7
	case b&0x40 != 0:
		bits = 6
	case b&0x20 != 0:
		s.Resize, bits = true, 5
	}
	n, rest, st := integer(block, bits)
	if st != OK {
		return s, st
	}
	if s.Index = n; s.Resize || bits == 7 {
		return s, OK
	}
	if n == 0 {
		if s.Name, rest, st = size(rest); st != OK {
			return s, st
		}
	}
	s.Value, _, st = size(rest)
	return s, st
}

// size returns how many bytes a text has at most, and what is behind the text, nothing where it is not complete.
func size(b []byte) (most int, rest []byte, st Status) {
	n, rest, st := integer(b, 7)
	if st != OK {
		return -1, nil, st
	}
	most = n
	if b[0]&0x80 != 0 {
		most = maxDecoded(n)
	}
	return most, rest[min(n, len(rest)):], OK
}
