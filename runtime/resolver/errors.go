package resolver

import (
	"errors"
	"strconv"
	"syscall"
	"time"
)

// ErrNoServers is returned when a name has to be looked up and the directive names no
// server (nginx: "no resolver defined to resolve …").
var ErrNoServers = errors.New("no resolver defined")

// ErrCancelled is returned when the caller has stopped waiting.
var ErrCancelled = errors.New("resolving cancelled")

// ErrClosed is returned when the Resolver was closed.
var ErrClosed = errors.New("resolver closed")

// A Code is why a name could not be resolved: a DNS response code (RFC 1035,
// section 4.1.1), or ETIMEDOUT.
type Code int

// The codes a lookup can end with.
const (
	FormatError    Code = 1
	ServerFailure  Code = 2
	HostNotFound   Code = 3
	Unimplemented  Code = 4
	Refused        Code = 5
	TimedOut            = Code(syscall.ETIMEDOUT)
	lastKnownRcode      = Refused
)

// String returns nginx's words for c.
func (c Code) String() string {
	switch c {
	case FormatError:
		return "Format error"
	case ServerFailure:
		return "Server failure"
	case HostNotFound:
		return "Host not found"
	case Unimplemented:
		return "Unimplemented"
	case Refused:
		return "Operation refused"
	case TimedOut:
		return "Operation timed out"
	}
	return "Unknown error"
}

// An Error is a lookup that failed.
type Error struct {
	// Name is what was looked up, an address for ResolveAddr.
	Name string
	// Code is the reason.
	Code Code
	// Valid is until when the outcome holds for callers that look a name up
	// periodically (upstream servers with `resolve`). Failures are not cached here.
	Valid time.Time
}

// Error returns nginx's message:
// `app.example could not be resolved (3: Host not found)`.
func (e *Error) Error() string {
	return e.Name + " could not be resolved (" + strconv.Itoa(int(e.Code)) + ": " + e.Code.String() + ")"
}

// Timeout reports whether no server answered in time.
func (e *Error) Timeout() bool { return e.Code == TimedOut }
