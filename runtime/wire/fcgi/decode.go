package fcgi

// Status is what Decode found.
type Status uint8

const (
	// More: the input is used up.
	More Status = iota
	// Head: the head of a record is complete: Type and Left say what comes.
	Head
	// Content: there are bytes of the record's content.
	Content
	// End: the record is complete with its padding. It follows Head directly where there is neither content nor padding.
	End

	// The rest are errors. Bad is the byte that is wrong, and the decoder is of no more use.

	// BadVersion: the record is of another version of FastCGI.
	BadVersion
	// BadType: no record that an application sends.
	BadType
	// BadIDHigh: the record belongs to another request, by the high byte of its id.
	BadIDHigh
	// BadIDLow is the same of the low byte.
	BadIDLow
)

// The states of a Decoder: the byte of the head that comes next, then what follows the head.
const (
	atVersion uint8 = iota
	atType
	atIDHigh
	atIDLow
	atLengthHigh
	atLengthLow
	atPadding
	atReserved
	inContent
	inPadding
)

// Decoder reads the records of a response. The zero value is ready; it holds no bytes of the input.
type Decoder struct {
	// Type is that of the current record.
	Type Type
	// Bad is the byte that an error is about.
	Bad byte

	state   uint8
	padding uint8
	left    uint16 // of the content
}

// Left is how much of the record's content is still to come.
func (d *Decoder) Left() int { return int(d.left) }

// Between reports whether all of a record has been read, and nothing of the next one.
func (d *Decoder) Between() bool {
	return d.state == atVersion || d.state >= inContent && d.left == 0 && d.padding == 0
}

// InHead reports whether a record's head is what comes next, or the rest of one.
func (d *Decoder) InHead() bool { return d.state < inContent }

// Need is the least number of bytes that must come before there is anything new: what is worth waiting for.
func (d *Decoder) Need() int {
	switch d.state {
	case inContent:
		return max(1, int(d.left))
	case inPadding:
		return max(1, int(d.padding))
	}
	return 1
}

// Decode reads in from the decoder's position on, up to the next thing there is to say: it returns with Head behind a
// head, with Content and data, a slice of in that ends at byte n of in, with End behind a record, and with More at the end
// of in. With an error n is the offset of the byte that is wrong.
func (d *Decoder) Decode(in []byte) (data []byte, n int, st Status) {
	for {
		switch d.state {
		case inContent:
			if d.left == 0 {
				d.state = inPadding
				continue
			}
			if n == len(in) {
				return nil, n, More
			}
			data = in[n:min(len(in), n+int(d.left))]
			d.left -= uint16(len(data))
			return data, n + len(data), Content
		case inPadding:
			k := min(len(in)-n, int(d.padding))
			d.padding -= uint8(k)
			n += k
			if d.padding > 0 {
				return nil, n, More
			}
			d.state = atVersion
			return nil, n, End
		}
		if n == len(in) {
			return nil, n, More
		}
		if st = d.step(in[n]); st > End {
			d.Bad = in[n]
			return nil, n, st
		}
		n++
		if st == Head {
			return nil, n, st
		}
	}
}

// step takes a byte of a head.
func (d *Decoder) step(c byte) Status {
	switch d.state {
	case atVersion:
		if c != version {
			return BadVersion
		}
	case atType:
		if d.Type = Type(c); d.Type != Stdout && d.Type != Stderr && d.Type != EndRequest {
			return BadType
		}
	case atIDHigh:
		if c != 0 {
			return BadIDHigh
		}
	case atIDLow:
		if c != id {
			return BadIDLow
		}
	case atLengthHigh:
		d.left = uint16(c) << 8
	case atLengthLow:
		d.left |= uint16(c)
	case atPadding:
		d.padding = c
	}
	d.state++
	if d.state == inContent {
		return Head
	}
	return More
}
