package h2

import "encoding/binary"

// ParseData returns the bytes of a DATA frame. All of its payload counts for the windows, padding too.
func ParseData(f *Frame) (data []byte, err *Error) {
	p := f.Payload
	if f.Flags.Has(Padded) {
		if len(p) == 0 {
			return nil, failed(FrameSizeError, "client sent padded DATA frame with incorrect length: 0")
		}
		padding := int(p[0])
		if padding >= len(p) {
			return nil, failed(ProtocolError, "client sent padded DATA frame with incorrect length: %d, padding: %d", len(p), padding)
		}
		p = p[1 : len(p)-padding]
	}
	if f.Stream == 0 {
		return nil, failed(ProtocolError, "client sent DATA frame with incorrect identifier")
	}
	return p, nil
}

// Priority is where a stream stands among the others (RFC 7540, section 5.3; without effect since RFC 9113).
type Priority struct {
	Depends   uint32
	Exclusive bool
	Weight    uint8 // less one
}

const prioritySize = 5

func priority(p []byte) Priority {
	d := binary.BigEndian.Uint32(p)
	return Priority{Depends: d & MaxWindow, Exclusive: d>>31 != 0, Weight: p[4]}
}

// ParseHeaders returns the beginning of the header block of a HEADERS frame, all of it with EndHeaders.
func ParseHeaders(f *Frame) (block []byte, err *Error) {
	least := 0
	if f.Flags.Has(Padded) {
		least++
	}
	if f.Flags.Has(HasPriority) {
		least += prioritySize
	}
	switch {
	case len(f.Payload) < least:
		return nil, failed(FrameSizeError, "client sent HEADERS frame with incorrect length %d", len(f.Payload))
	case len(f.Payload) == least:
		return nil, failed(FrameSizeError, "client sent HEADERS frame with empty header block")
	}
	block = f.Payload
	if f.Flags.Has(Padded) {
		padding, room := int(block[0]), len(block)-least
		if padding > room {
			return nil, failed(ProtocolError, "client sent padded HEADERS frame with incorrect length: %d, padding: %d", room, padding)
		}
		block = block[1 : len(block)-padding]
	}
	if !f.Flags.Has(HasPriority) {
		return block, nil
	}
	if priority(block).Depends == f.Stream {
		return nil, failed(ProtocolError, "client sent HEADERS frame for stream %d with incorrect dependency", f.Stream)
	}
	return block[prioritySize:], nil
}

// ParsePriority reads a PRIORITY frame.
func ParsePriority(f *Frame) (p Priority, err *Error) {
	switch {
	case len(f.Payload) != prioritySize:
		return p, failed(FrameSizeError, "client sent PRIORITY frame with incorrect length %d", len(f.Payload))
	case f.Stream == 0:
		return p, failed(ProtocolError, "client sent PRIORITY frame with incorrect identifier")
	}
	if p = priority(f.Payload); p.Depends == f.Stream {
		err = failed(ProtocolError, "client sent PRIORITY frame for stream %d with incorrect dependency", f.Stream)
		err.OfStream = true
	}
	return p, err
}

// ParseRSTStream reads a RST_STREAM frame.
func ParseRSTStream(f *Frame) (Code, *Error) {
	switch {
	case len(f.Payload) != 4:
		return 0, failed(FrameSizeError, "client sent RST_STREAM frame with incorrect length %d", len(f.Payload))
	case f.Stream == 0:
		return 0, failed(ProtocolError, "client sent RST_STREAM frame with incorrect identifier")
	}
	return Code(binary.BigEndian.Uint32(f.Payload)), nil
}

// SettingID names a setting.
type SettingID uint16

// The settings of RFC 9113, section 6.5.2, RFC 8441 and RFC 9218.
const (
	HeaderTableSize       SettingID = 0x1
	EnablePush            SettingID = 0x2
	MaxConcurrentStreams  SettingID = 0x3
	InitialWindowSize     SettingID = 0x4
	MaxFrameSizeSetting   SettingID = 0x5
	MaxHeaderListSize     SettingID = 0x6
	EnableConnectProtocol SettingID = 0x8
	NoRFC7540Priorities   SettingID = 0x9
)

// A Setting is one value of a SETTINGS frame.
type Setting struct {
	ID    SettingID
	Value uint32
}

// SettingSize is the size of a setting in a payload, in bytes.
const SettingSize = 6

// ParseSettings checks a SETTINGS frame, whose values NextSetting takes from its payload. With Ack it has none.
func ParseSettings(f *Frame) *Error { return checkSettings(f.Stream, f.Flags, len(f.Payload)) }

func checkSettings(stream uint32, flags Flags, length int) *Error {
	switch {
	case stream != 0:
		return failed(ProtocolError, "client sent SETTINGS frame with incorrect identifier")
	case flags.Has(Ack) && length != 0:
		return failed(FrameSizeError, "client sent SETTINGS frame with the ACK flag and nonzero length")
	case length%SettingSize != 0:
		return failed(FrameSizeError, "client sent SETTINGS frame with incorrect length %d", length)
	}
	return nil
}

// NextSetting takes the first value off the payload of a SETTINGS frame, which is not empty. A setting that is not known has to
// be ignored.
func NextSetting(payload []byte) (s Setting, rest []byte, err *Error) {
	s = Setting{SettingID(binary.BigEndian.Uint16(payload)), binary.BigEndian.Uint32(payload[2:])}
	code, name := ProtocolError, ""
	switch {
	case s.ID == InitialWindowSize && s.Value > MaxWindow:
		code, name = FlowControlError, "INITIAL_WINDOW_SIZE"
	case s.ID == MaxFrameSizeSetting && (s.Value < DefaultFrameSize || s.Value > MaxFrameSize):
		name = "MAX_FRAME_SIZE"
	case s.ID == EnablePush && s.Value > 1:
		name = "ENABLE_PUSH"
	case s.ID == EnableConnectProtocol && s.Value > 1:
		name = "ENABLE_CONNECT_PROTOCOL"
	}
	if name != "" {
		err = failed(code, "client sent SETTINGS frame with incorrect %s value %d", name, s.Value)
	}
	return s, payload[SettingSize:], err
}

// ParsePing reads a PING frame.
func ParsePing(f *Frame) (data [8]byte, err *Error) {
	switch {
	case len(f.Payload) != len(data):
		return data, failed(FrameSizeError, "client sent PING frame with incorrect length %d", len(f.Payload))
	case f.Stream != 0:
		return data, failed(ProtocolError, "client sent PING frame with incorrect identifier")
	}
	return [8]byte(f.Payload), nil
}

// ParseGoAway reads a GOAWAY frame: the last stream that its sender has served, or will.
func ParseGoAway(f *Frame) (last uint32, code Code, err *Error) {
	switch {
	case len(f.Payload) < 8:
		return 0, 0, failed(FrameSizeError, "client sent GOAWAY frame with incorrect length %d", len(f.Payload))
	case f.Stream != 0:
		return 0, 0, failed(ProtocolError, "client sent GOAWAY frame with incorrect identifier")
	}
	return binary.BigEndian.Uint32(f.Payload) & MaxWindow, Code(binary.BigEndian.Uint32(f.Payload[4:])), nil
}

// ParseWindowUpdate reads a WINDOW_UPDATE frame.
func ParseWindowUpdate(f *Frame) (increment uint32, err *Error) {
	if len(f.Payload) != 4 {
		return 0, failed(FrameSizeError, "client sent WINDOW_UPDATE frame with incorrect length %d", len(f.Payload))
	}
	if increment = binary.BigEndian.Uint32(f.Payload) & MaxWindow; increment == 0 {
		err = failed(ProtocolError, "client sent WINDOW_UPDATE frame with incorrect window increment 0")
		err.OfStream = f.Stream != 0
	}
	return increment, err
}
