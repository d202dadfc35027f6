package hpack

// A Field is a field of a header block. Its texts are either constants or in the buffer that Next was given.
type Field struct {
	Name, Value []byte
	// Index is the first place of Name in the static table, which has the pseudo-header fields; 0: it has none, or the name
	// was sent as a text.
	Index int
	// Sensitive: the field is not to be sent on in a form that is indexed.
	Sensitive bool
}

// Status is what Next has found.
type Status uint8

// All but OK and NoRoom are connection errors of type COMPRESSION_ERROR (RFC 9113, section 4.3).
const (
	OK           Status = iota
	NoRoom              // the field does not fit in the buffer; nothing has changed
	Truncated           // the block ends inside a field
	BadIndex            // the tables have no such entry
	BadInteger          // an integer is too large, or has too many bytes
	BadHuffman          // a text is not what it was encoded from
	EmptyName           // the name has no bytes
	BadTableSize        // a table size is larger than announced, or comes behind a field
)

// String returns nginx's words for the error log.
func (s Status) String() string {
	switch s {
	case Truncated:
		return "client sent header block with incorrect length"
	case BadIndex:
		return "client sent invalid hpack table index"
	case BadInteger:
		return "client sent header field with too long length value"
	case BadHuffman:
		return "client sent invalid encoded header field"
	case EmptyName:
		return "client sent zero header name length"
	case BadTableSize:
		return "client sent invalid table size update"
	}
	return ""
}

// DefaultTableSize is the size of the dynamic table, as RFC 7541 counts it, before a Decoder's peer has been told another.
const DefaultTableSize = 4096

// Decoder decodes the header blocks that one peer sends on a connection, in their order. Its memory is twice the size of the
// dynamic table at most, or 512 bytes where that is more, and is not allocated before the peer adds an entry. The zero Decoder is not ready: see Reset.
type Decoder struct {
	table  table
	limit  int  // that the peer knows of
	fields bool // the block under way has had a field
}

// Reset makes d ready for a new connection, whose peer is told that the dynamic table has the size limit
// (SETTINGS_HEADER_TABLE_SIZE). Memory stays.
func (d *Decoder) Reset(limit int) {
	d.table.reset(limit)
	d.limit, d.fields = limit, false
}

// Begin is called before each block.
func (d *Decoder) Begin() { d.fields = false }

// Next decodes the first field of block and returns what is behind it. The field's texts are put into buf, up to its length;
// room is what is left of it. At the end of a block that has no further field f.Name is nil.
func (d *Decoder) Next(block, buf []byte) (f Field, rest, room []byte, st Status) {
	for len(block) > 0 && block[0]&0xe0 == 0x20 {
		n, rest, st := integer(block, 5)
		if st == OK && (d.fields || n > d.limit) {
			st = BadTableSize
		}
		if st != OK {
			return Field{}, block, buf, st
		}
		d.table.resize(n)
		block = rest
	}
	if len(block) == 0 {
		return Field{}, nil, buf, OK
	}
	if block[0]&0x80 != 0 {
		f, rest, room, st = d.indexed(block, buf)
	} else {
		f, rest, room, st = d.literal(block, buf)
	}
	if st != OK {
		return Field{}, block, buf, st
	}
	d.fields = true
	return f, rest, room, OK
}

// indexed decodes a field that a table has.
func (d *Decoder) indexed(block, buf []byte) (f Field, rest, room []byte, st Status) {
	i, rest, st := integer(block, 7)
	if st != OK {
		return f, nil, nil, st
	}
	e, ok := d.entry(i)
	if !ok {
		return f, nil, nil, BadIndex
	}
	if i < len(static) {
		return Field{Name: e.name, Value: e.value, Index: firstOf(i)}, rest, buf, OK
	}
	n := len(e.name) + len(e.value)
	if n > len(buf) {
		return f, nil, nil, NoRoom
	}
	copy(buf, e.name)
	copy(buf[len(e.name):], e.value)
	return Field{Name: buf[:len(e.name):len(e.name)], Value: buf[len(e.name):n:n]}, rest, buf[n:], OK
}

// literal decodes a field whose value, or whose texts both, are sent.
func (d *Decoder) literal(block, buf []byte) (f Field, rest, room []byte, st Status) {
	prefix := uint8(4)
	adds := block[0]&0x40 != 0
	if adds {
		prefix = 6
	}
	f.Sensitive = block[0]&0xf0 == 0x10
	i, rest, st := integer(block, prefix)
	if st != OK {
		return f, nil, nil, st
	}
	if i == 0 {
		if f.Name, rest, room, st = text(rest, buf); st == OK && len(f.Name) == 0 {
			st = EmptyName
		}
	} else {
		f.Name, f.Index, room, st = d.name(i, buf)
	}
	if st != OK {
		return f, nil, nil, st
	}
	if f.Value, rest, room, st = text(rest, room); st != OK {
		return f, nil, nil, st
	}
	if adds {
		d.table.add(f.Name, f.Value)
	}
	return f, rest, room, OK
}

// name returns the name of an entry, and its first place in the static table.
func (d *Decoder) name(i int, buf []byte) (name []byte, index int, room []byte, st Status) {
	e, ok := d.entry(i)
	switch {
	case !ok:
		return nil, 0, nil, BadIndex
	case i < len(static):
		return e.name, firstOf(i), buf, OK
	case len(e.name) > len(buf):
		return nil, 0, nil, NoRoom
	}
	n := copy(buf, e.name)
	return buf[:n:n], 0, buf[n:], OK
}

// entry returns an entry of the static or of the dynamic table.
func (d *Decoder) entry(i int) (entry, bool) {
	if i < len(static) {
		return static[i], i > 0
	}
	return d.table.at(i - len(static))
}

// firstOf returns the first place in the static table of the name that has the place i.
func firstOf(i int) int {
	for i > 1 && string(static[i-1].name) == string(static[i].name) {
		i--
	}
	return i
}

// maxInteger is above all that is allowed here.
const maxInteger = 1 << 24

// integer decodes an integer whose first bits are the lowest of a byte (RFC 7541, section 5.1).
func integer(b []byte, bits uint8) (n int, rest []byte, st Status) {
	if len(b) == 0 {
		return 0, nil, Truncated
	}
	most := 1<<bits - 1
	if n = int(b[0]) & most; n < most {
		return n, b[1:], OK
	}
	for i, shift := 1, 0; ; i, shift = i+1, shift+7 {
		if i == len(b) {
			return 0, nil, Truncated
		}
		if shift > 21 {
			return 0, nil, BadInteger
		}
		n += int(b[i]&0x7f) << shift
		if n > maxInteger {
			return 0, nil, BadInteger
		}
		if b[i]&0x80 == 0 {
			return n, b[i+1:], OK
		}
	}
}

// text decodes a text into room (RFC 7541, section 5.2).
func text(b, room []byte) (t, rest, left []byte, st Status) {
	n, rest, st := integer(b, 7)
	switch {
	case st != OK:
		return nil, nil, nil, st
	case n > len(rest):
		return nil, nil, nil, Truncated
	}
	encoded := rest[:n]
	rest = rest[n:]
	if b[0]&0x80 == 0 {
		if n > len(room) {
			return nil, nil, nil, NoRoom
		}
		copy(room, encoded)
		return room[:n:n], rest, room[n:], OK
	}
	if maxDecoded(n) > len(room) {
		return nil, nil, nil, NoRoom
	}
	t, ok := decodeHuffman(room[:0], encoded)
	if !ok {
		return nil, nil, nil, BadHuffman
	}
	return t[:len(t):len(t)], rest, room[len(t):], OK
}
