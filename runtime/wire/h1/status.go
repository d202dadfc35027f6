package h1

// Status is what a parser found. The zero value is OK.
type Status uint8

const (
	// OK: the element is complete and valid.
	OK Status = iota
	// Again: valid so far, but the input ends inside the element.
	Again
	// Done: the empty line that ends a header section.
	Done
	// InvalidMethod: a byte that cannot stand in a method name.
	InvalidMethod
	// InvalidRequest: the request line or the request target is malformed.
	InvalidRequest
	// InvalidVersion: HTTP/2 or later in a request line.
	InvalidVersion
	// Invalid09Method: a request without a version whose method is not GET.
	Invalid09Method
	// InvalidHeader: a header line with a byte that makes it unusable.
	InvalidHeader
	// InvalidStatusLine: not an HTTP status line.
	InvalidStatusLine
)

// String returns the sentence nginx logs for the status, "" where it logs
// none. For InvalidHeader it is the beginning; the line and the offending byte
// follow it (see Field.Line and Field.Bad).
func (s Status) String() string {
	switch s {
	case InvalidMethod:
		return "client sent invalid method"
	case InvalidRequest:
		return "client sent invalid request"
	case InvalidVersion:
		return "client sent invalid version"
	case Invalid09Method:
		return "client sent invalid method in HTTP/0.9 request"
	case InvalidHeader:
		return "client sent invalid header line"
	case InvalidStatusLine:
		return "upstream sent no valid HTTP/1.0 header"
	}
	return ""
}

// Code returns the response code nginx gives a client for the status: 505 for
// InvalidVersion, 400 for the other refusals, 0 for OK, Again and Done.
func (s Status) Code() int {
	switch s {
	case OK, Again, Done:
		return 0
	case InvalidVersion:
		return 505
	}
	return 400
}
