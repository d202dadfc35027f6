package h2

import "encoding/binary"

// Preface is what a client sends first (RFC 9113, section 3.4).
const Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

const (
	// HeaderSize is the size of a frame's head.
	HeaderSize = 9
	// DefaultFrameSize is the size of payloads that a peer may send without being told of another
	// (SETTINGS_MAX_FRAME_SIZE); it is the smallest one that can be told.
	DefaultFrameSize = 1 << 14
	// MaxFrameSize is the largest.
	MaxFrameSize = 1<<24 - 1
	// DefaultWindow is the size of a window that no SETTINGS_INITIAL_WINDOW_SIZE has changed.
	DefaultWindow = 1<<16 - 1
	// MaxWindow is the largest size of a window.
	MaxWindow = 1<<31 - 1
)

// Type is the type of a frame.
type Type uint8

// The types of RFC 9113, section 6, and RFC 9218.
const (
	TypeData Type = iota
	TypeHeaders
	TypePriority
	TypeRSTStream
	TypeSettings
	TypePushPromise
	TypePing
	TypeGoAway
	TypeWindowUpdate
	TypeContinuation
	TypePriorityUpdate Type = 0x10
)

// Flags are the flags of a frame.
type Flags uint8

// What the flags mean depends on the type.
const (
	EndStream   Flags = 0x1 // DATA, HEADERS
	Ack         Flags = 0x1 // SETTINGS, PING
	EndHeaders  Flags = 0x4 // HEADERS, CONTINUATION
	Padded      Flags = 0x8 // DATA, HEADERS
	HasPriority Flags = 0x20
)

// Has reports whether all flags of g are set.
func (f Flags) Has(g Flags) bool { return f&g == g }

// A Frame is a frame as it was received. Payload is memory of who has parsed it.
type Frame struct {
	Type    Type
	Flags   Flags
	Stream  uint32
	Payload []byte
}

// Parse reads the frame at the beginning of b, n bytes of it; 0: it is not complete. A payload of more than limit bytes is an
// error, which is found in the head alone.
func Parse(b []byte, limit int) (f Frame, n int, err *Error) {
	if len(b) < HeaderSize {
		return f, 0, nil
	}
	f, length := ParseHead(b)
	if length > limit {
		return f, 0, failed(FrameSizeError, "client sent frame with too large length %d", length)
	}
	if n = HeaderSize + length; len(b) < n {
		return f, 0, nil
	}
	f.Payload = b[HeaderSize:n:n]
	return f, n, nil
}

// ParseHead reads the head of a frame, the first HeaderSize bytes of b: a frame without its payload, and the length of that.
func ParseHead(b []byte) (f Frame, length int) {
	length = int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	return Frame{Type: Type(b[3]), Flags: Flags(b[4]), Stream: binary.BigEndian.Uint32(b[5:]) & MaxWindow}, length
}

// AppendHeader appends the head of a frame with a payload of length bytes, which is at most MaxFrameSize.
func AppendHeader(dst []byte, length int, t Type, flags Flags, stream uint32) []byte {
	dst = append(dst, byte(length>>16), byte(length>>8), byte(length), byte(t), byte(flags))
	return binary.BigEndian.AppendUint32(dst, stream)
}

// AppendRSTStream appends a frame that ends a stream.
func AppendRSTStream(dst []byte, stream uint32, code Code) []byte {
	return binary.BigEndian.AppendUint32(AppendHeader(dst, 4, TypeRSTStream, 0, stream), uint32(code))
}

// AppendSettings appends a SETTINGS frame with the values.
func AppendSettings(dst []byte, values ...Setting) []byte {
	dst = AppendHeader(dst, SettingSize*len(values), TypeSettings, 0, 0)
	for _, s := range values {
		dst = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(dst, uint16(s.ID)), s.Value)
	}
	return dst
}

// AppendSettingsAck appends the answer to a SETTINGS frame.
func AppendSettingsAck(dst []byte) []byte { return AppendHeader(dst, 0, TypeSettings, Ack, 0) }

// AppendPing appends a PING frame; with Ack it answers that which has brought data.
func AppendPing(dst []byte, flags Flags, data [8]byte) []byte {
	return append(AppendHeader(dst, len(data), TypePing, flags, 0), data[:]...)
}

// AppendGoAway appends a frame that announces the end of the connection; last is the last stream that is served.
func AppendGoAway(dst []byte, last uint32, code Code) []byte {
	dst = binary.BigEndian.AppendUint32(AppendHeader(dst, 8, TypeGoAway, 0, 0), last)
	return binary.BigEndian.AppendUint32(dst, uint32(code))
}

// AppendWindowUpdate appends a frame that makes a window larger: that of a stream, or of the connection where stream is 0.
func AppendWindowUpdate(dst []byte, stream, increment uint32) []byte {
	return binary.BigEndian.AppendUint32(AppendHeader(dst, 4, TypeWindowUpdate, 0, stream), increment)
}
