package h2

// A Head is the head of a frame, whose payload need not have come.
type Head struct {
	Type   Type
	Flags  Flags
	Stream uint32
	Length int // of the payload, in bytes
}

// ReadHead reads the head of a frame from the first HeaderSize bytes of b.
func ReadHead(b []byte) Head {
	f, length := ParseHead(b)
	return Head{Type: f.Type, Flags: f.Flags, Stream: f.Stream, Length: length}
}

// Prefix returns how many bytes of a DATA or HEADERS frame come before its contents.
func (h *Head) Prefix() (n int) {
	if h.Flags.Has(Padded) {
		n++
	}
	if h.Type == TypeHeaders && h.Flags.Has(HasPriority) {
		n += prioritySize
	}
	return n
}

// Contents checks a DATA or HEADERS frame of which p, Prefix bytes at least, has come. Behind the
// prefix it has size bytes, and then padding.
func (h *Head) Contents(p []byte) (size, padding int, err *Error) {
	size = h.Length - h.Prefix()
	if h.Flags.Has(Padded) {
		padding = int(p[0])
		size -= padding
	}
	switch {
	case h.Type == TypeData && size < 0:
		return 0, 0, failed(ProtocolError, "client sent padded DATA frame with incorrect length: %d, padding: %d", h.Length, padding)
	case h.Type == TypeData && h.Stream == 0:
		return 0, 0, failed(ProtocolError, "client sent DATA frame with incorrect identifier")
	case h.Type == TypeHeaders && size < 0:
		return 0, 0, failed(ProtocolError, "client sent padded HEADERS frame with incorrect length: %d, padding: %d", size+padding, padding)
	case h.Type == TypeHeaders && h.Flags.Has(HasPriority) && priority(p[h.Prefix()-prioritySize:]).Depends == h.Stream:
		err = failed(ProtocolError, "client sent HEADERS frame for stream %d with incorrect dependency", h.Stream)
	}
	return size, padding, err
}

// Check finds what is wrong with the length of a frame's payload, before that has come.
func (h *Head) Check() *Error {
	name, size := "", 0
	switch h.Type {
	case TypeData:
		if h.Flags.Has(Padded) && h.Length == 0 {
			return failed(FrameSizeError, "client sent padded DATA frame with incorrect length: 0")
		}
	case TypeHeaders:
		switch least := h.Prefix(); {
		case h.Length < least:
			return failed(FrameSizeError, "client sent HEADERS frame with incorrect length %d", h.Length)
		case h.Length == least:
			return failed(FrameSizeError, "client sent HEADERS frame with empty header block")
		}
	case TypePriority:
		name, size = "PRIORITY", prioritySize
	case TypeRSTStream:
		name, size = "RST_STREAM", 4
	case TypePing:
		name, size = "PING", 8
	case TypeWindowUpdate:
		name, size = "WINDOW_UPDATE", 4
	case TypeSettings:
		return checkSettings(h.Stream, h.Flags, h.Length)
	}
	if name != "" && h.Length != size {
		return failed(FrameSizeError, "client sent %s frame with incorrect length %d", name, h.Length)
	}
	return nil
}
