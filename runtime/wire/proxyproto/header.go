package proxyproto

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

const (
	// MaxV1 is the longest header of version 1.
	MaxV1 = 107
	// MaxHeader is how much nginx reads in search of a header.
	MaxHeader = 4096

	v2Header   = 16
	v2Inet     = 12
	v2Inet6    = 36
	signature  = "\r\n\r\n\x00\r\nQUIT\n"
	v1Prefix   = "PROXY "
	addrText   = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")
	typeStream = 1
	typeDgram  = 2
)

// The errors of Read that say everything by themselves. ErrShort is one that
// nginx does not log.
var (
	ErrTooLarge = errors.New("header is too large")
	ErrShort    = errors.New("PROXY protocol header is too short for its addresses")
)

// BrokenError is a header that is neither version. Its text is nginx's log line
// and quotes the first line of what came instead.
type BrokenError struct{ Line []byte }

// Error returns nginx's log line.
func (e *BrokenError) Error() string { return fmt.Sprintf("broken header: \"%s\"", e.Line) }

// VersionError is a header with the signature of version 2 and another version.
type VersionError uint8

// Error returns nginx's log line.
func (e VersionError) Error() string {
	return fmt.Sprintf("unknown PROXY protocol version: %d", uint8(e))
}

// Header is what a header says about the connection.
type Header struct {
	// Source and Destination are the addresses as text: $proxy_protocol_addr
	// and $proxy_protocol_server_addr. For version 1 they are what was sent and
	// point into the input; for version 2 they are nginx's notation and live in
	// the Header.
	Source, Destination []byte
	// TLVs is the rest of a version 2 header, part of the input.
	TLVs []byte
	// SourcePort and DestinationPort are in host order. A variable made of a
	// port that is 0 is empty in nginx.
	SourcePort, DestinationPort uint16
	// Version is 1 or 2.
	Version uint8
	// Present tells whether the header had addresses. It is false for UNKNOWN,
	// for LOCAL and for transports other than a stream: the connection's own
	// addresses hold, and nginx leaves the variables empty.
	Present bool

	text [2][addrText]byte
}

// SourceAddr returns Source as an address, as the realip modules need it; it is
// invalid if the text is none.
func (h *Header) SourceAddr() netip.Addr { return parseAddr(h.Source) }

// DestinationAddr returns Destination as an address.
func (h *Header) DestinationAddr() netip.Addr { return parseAddr(h.Destination) }

func parseAddr(text []byte) netip.Addr {
	if len(text) > addrText {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(string(text))
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// Read reads the header at the beginning of b into h, which it resets, and
// returns its length. b must hold the whole header; see Incomplete.
func Read(b []byte, h *Header) (n int, err error) {
	*h = Header{}
	if len(b) >= v2Header && string(b[:len(signature)]) == signature {
		return h.readV2(b)
	}
	n, ok := h.readV1(b)
	if !ok {
		*h = Header{}
		return 0, &BrokenError{Line: firstLine(b)}
	}
	return n, nil
}

// Incomplete tells whether b, which Read has refused, could be the beginning of
// a valid header of at most MaxHeader bytes, so that more may be read. nginx drops
// such a connection.
func Incomplete(b []byte) bool {
	n := min(len(b), len(signature))
	if string(b[:n]) == signature[:n] {
		if len(b) < v2Header {
			return true
		}
		length := v2Header + int(binary.BigEndian.Uint16(b[14:]))
		return b[12]>>4 == 2 && length <= MaxHeader && len(b) < length
	}
	n = min(len(b), len(v1Prefix))
	if len(b) >= MaxV1 || string(b[:n]) != v1Prefix[:n] {
		return false
	}
	for _, c := range b {
		if c == '\n' {
			return false
		}
	}
	return true
}

// readV1 reads the line of version 1.
func (h *Header) readV1(b []byte) (n int, ok bool) {
	if len(b) < 8 || string(b[:len(v1Prefix)]) != v1Prefix {
		return 0, false
	}
	h.Version = 1
	rest := b[len(v1Prefix):]

	const unknown = "UNKNOWN"
	if len(rest) >= len(unknown) && string(rest[:len(unknown)]) == unknown {
		for i := len(v1Prefix) + len(unknown); i+1 < len(b); i++ {
			if b[i] == '\r' && b[i+1] == '\n' {
				return i + 2, true
			}
		}
		return 0, false
	}

	if len(rest) < 5 || string(rest[:3]) != "TCP" || rest[3] != '4' && rest[3] != '6' || rest[4] != ' ' {
		return 0, false
	}
	rest = rest[5:]
	if h.Source, rest, ok = cutAddr(rest); !ok {
		return 0, false
	}
	if h.Destination, rest, ok = cutAddr(rest); !ok {
		return 0, false
	}
	if h.SourcePort, rest, ok = cutPort(rest, ' '); !ok {
		return 0, false
	}
	if h.DestinationPort, rest, ok = cutPort(rest, '\r'); !ok {
		return 0, false
	}
	if len(rest) == 0 || rest[0] != '\n' {
		return 0, false
	}
	h.Present = true
	return len(b) - len(rest) + 1, true
}

// cutAddr cuts the characters of an address and the space behind them off b.
func cutAddr(b []byte) (addr, rest []byte, ok bool) {
	for i, c := range b {
		switch {
		case c == ' ':
			return b[:i], b[i+1:], true
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'f', c == ':', c == '.':
		default:
			return nil, nil, false
		}
	}
	return nil, nil, false
}

// cutPort cuts a decimal port and sep behind it off b.
func cutPort(b []byte, sep byte) (port uint16, rest []byte, ok bool) {
	v := 0
	for i, c := range b {
		if c == sep {
			return uint16(v), b[i+1:], i > 0
		}
		if c < '0' || c > '9' {
			break
		}
		if v = v*10 + int(c-'0'); v > 65535 {
			break
		}
	}
	return 0, nil, false
}

// readV2 reads the binary header of version 2.
func (h *Header) readV2(b []byte) (int, error) {
	if version := b[12] >> 4; version != 2 {
		return 0, VersionError(version)
	}
	n := v2Header + int(binary.BigEndian.Uint16(b[14:]))
	if len(b) < n {
		return 0, ErrTooLarge
	}
	h.Version = 2
	command, family, transport := b[12]&15, b[13]>>4, b[13]&15
	if command != 1 || transport != typeStream {
		return n, nil
	}

	body := b[v2Header:n]
	switch family {
	case 1:
		if len(body) < v2Inet {
			return 0, ErrShort
		}
		h.Source = appendIPv4(h.text[0][:0], body)
		h.Destination = appendIPv4(h.text[1][:0], body[4:])
		h.setPorts(body[8:])
		h.TLVs = body[v2Inet:]
	case 2:
		if len(body) < v2Inet6 {
			return 0, ErrShort
		}
		h.Source = appendIPv6(h.text[0][:0], body)
		h.Destination = appendIPv6(h.text[1][:0], body[16:])
		h.setPorts(body[32:])
		h.TLVs = body[v2Inet6:]
	default:
		return n, nil
	}
	h.Present = true
	return n, nil
}

func (h *Header) setPorts(b []byte) {
	h.SourcePort = binary.BigEndian.Uint16(b)
	h.DestinationPort = binary.BigEndian.Uint16(b[2:])
}

// firstLine returns b up to the first CR or LF.
func firstLine(b []byte) []byte {
	for i, c := range b {
		if c == '\r' || c == '\n' {
			return b[:i]
		}
	}
	return b
}
