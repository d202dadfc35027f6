package fcgi

// Type is what a record is.
type Type uint8

// The types that a responder and its client use.
const (
	BeginRequest Type = 1
	AbortRequest Type = 2
	EndRequest   Type = 3
	Params       Type = 4
	Stdin        Type = 5
	Stdout       Type = 6
	Stderr       Type = 7
)

const (
	version = 1
	id      = 1 // of the only request on a connection

	// HeadSize is the length of a record's head.
	HeadSize = 8
	// MaxContent is the most that a record carries.
	MaxContent = 65535
	// MaxPiece is how much of a body goes into one record, as in nginx. It is a multiple of 8: a full record has no
	// padding.
	MaxPiece = 32 << 10
	// MaxPadding is the most that AppendPadding appends.
	MaxPadding = 7
)

// The content of a BeginRequest: the role and the flag by which the application keeps the connection.
const (
	responder = 1
	keepConn  = 1
)

// AppendBegin appends the record that begins a request. keep asks the application to keep the connection afterwards.
func AppendBegin(dst []byte, keep bool) []byte {
	flags := byte(0)
	if keep {
		flags = keepConn
	}
	dst = append(dst, version, byte(BeginRequest), 0, id, 0, 8, 0, 0)
	return append(dst, 0, responder, flags, 0, 0, 0, 0, 0)
}

// AppendHead appends the head of a record with n bytes of content, which the caller appends or sends next, and then the
// padding of AppendPadding. n is at most MaxContent; 0 ends a stream.
func AppendHead(dst []byte, t Type, n int) []byte {
	return append(dst, version, byte(t), 0, id, byte(n>>8), byte(n), byte(Padding(n)), 0)
}

// Padding is how many bytes follow n bytes of content, so that every record begins at a multiple of 8.
func Padding(n int) int { return -n & 7 }

// AppendPadding appends what follows n bytes of content.
func AppendPadding(dst []byte, n int) []byte {
	var zero [MaxPadding]byte
	return append(dst, zero[:Padding(n)]...)
}

// BeginParams begins the record of the parameters. at is for EndParams.
func BeginParams(dst []byte) (b []byte, at int) {
	return AppendHead(dst, Params, 0), len(dst)
}

// EndParams completes the record that begins at at, and appends the empty one that ends the parameters. ok is false where
// they are larger than a record, which nginx does not split.
func EndParams(b []byte, at int) (out []byte, ok bool) {
	n := len(b) - at - HeadSize
	if n > MaxContent {
		return b, false
	}
	AppendHead(b[:at], Params, n)
	return AppendHead(AppendPadding(b, n), Params, 0), true
}

// AppendPair appends a parameter.
func AppendPair(dst, name, value []byte) []byte {
	dst = AppendLength(AppendLength(dst, len(name)), len(value))
	return append(append(dst, name...), value...)
}

// ParamsOf returns the parameters of a request that AppendBegin, BeginParams and EndParams have made, for NextPair.
func ParamsOf(request []byte) []byte {
	const at = 2 * HeadSize // behind the record that begins the request
	if len(request) < at+HeadSize {
		return nil
	}
	b := request[at+HeadSize:]
	return b[:min(len(b), int(request[at+4])<<8|int(request[at+5]))]
}

// NextPair returns the parameter at the beginning of b, and what follows it; false where there is none that is whole.
func NextPair(b []byte) (name, value, rest []byte, ok bool) {
	n, b, ok := nextLength(b)
	if !ok {
		return nil, nil, nil, false
	}
	v, b, ok := nextLength(b)
	if !ok || len(b) < n || len(b)-n < v {
		return nil, nil, nil, false
	}
	return b[:n], b[n : n+v], b[n+v:], true
}

// nextLength reads what AppendLength appends.
func nextLength(b []byte) (n int, rest []byte, ok bool) {
	switch {
	case len(b) > 0 && b[0] < 0x80:
		return int(b[0]), b[1:], true
	case len(b) >= 4:
		return int(b[0]&0x7f)<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3]), b[4:], true
	}
	return 0, nil, false
}

// AppendLength appends the length of a name or a value.
func AppendLength(dst []byte, n int) []byte {
	if n > 127 {
		return append(dst, byte(n>>24)|0x80, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(dst, byte(n))
}
