package h2

import "fmt"

// Code is an error code (RFC 9113, section 7).
type Code uint32

// The codes of RFC 9113.
const (
	NoError Code = iota
	ProtocolError
	InternalError
	FlowControlError
	SettingsTimeout
	StreamClosed
	FrameSizeError
	RefusedStream
	Cancel
	CompressionError
	ConnectError
	EnhanceYourCalm
	InadequateSecurity
	HTTP11Required
)

// Error is what is wrong with a frame. It ends the connection, or the stream where OfStream is set.
type Error struct {
	Code     Code
	Text     string // for the error log
	OfStream bool
}

// Error implements error.
func (e *Error) Error() string { return e.Text }

func failed(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}
