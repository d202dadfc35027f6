package h1

import "bytes"

// FieldID names a header field that nginx, or one of the modules here, gives a
// meaning to. Zero is UnknownField.
type FieldID uint8

// The well-known fields: nginx's tables of client and upstream headers first,
// then those other modules look for.
const (
	UnknownField FieldID = iota

	Host
	Connection
	ProxyConnection
	IfModifiedSince
	IfUnmodifiedSince
	IfMatch
	IfNoneMatch
	UserAgent
	Referer
	ContentLength
	ContentRange
	ContentType
	Range
	IfRange
	TransferEncoding
	TE
	Expect
	Upgrade
	AcceptEncoding
	Via
	Authorization
	ProxyAuthorization
	KeepAlive
	XForwardedFor
	XRealIP
	Accept
	AcceptLanguage
	Depth
	Destination
	Overwrite
	Date
	Cookie

	StatusField
	LastModified
	ETag
	Server
	WWWAuthenticate
	Location
	Refresh
	SetCookie
	ContentDisposition
	CacheControl
	Expires
	AcceptRanges
	Vary
	Link
	XAccelExpires
	XAccelRedirect
	XAccelLimitRate
	XAccelBuffering
	XAccelCharset
	ContentEncoding

	Trailer
	Age
	Allow
	AltSvc
	ContentLanguage
	ContentLocation
	EarlyData
	Forwarded
	GRPCStatus
	HTTP2Settings
	MaxForwards
	Origin
	Pragma
	Priority
	ProxyAuthenticate
	RetryAfter
	SecWebSocketKey
	StrictTransportSecurity
	XForwardedHost
	XForwardedPort
	XForwardedProto
	XRequestID

	// NumFields is the number of identifiers, for tables indexed by FieldID.
	NumFields
)

// fieldNames are the names as nginx writes them.
var fieldNames = [NumFields]string{
	Host:               "Host",
	Connection:         "Connection",
	ProxyConnection:    "Proxy-Connection",
	IfModifiedSince:    "If-Modified-Since",
	IfUnmodifiedSince:  "If-Unmodified-Since",
	IfMatch:            "If-Match",
	IfNoneMatch:        "If-None-Match",
	UserAgent:          "User-Agent",
	Referer:            "Referer",
	ContentLength:      "Content-Length",
	ContentRange:       "Content-Range",
	ContentType:        "Content-Type",
	Range:              "Range",
	IfRange:            "If-Range",
	TransferEncoding:   "Transfer-Encoding",
	TE:                 "TE",
	Expect:             "Expect",
	Upgrade:            "Upgrade",
	AcceptEncoding:     "Accept-Encoding",
	Via:                "Via",
	Authorization:      "Authorization",
	ProxyAuthorization: "Proxy-Authorization",
	KeepAlive:          "Keep-Alive",
	XForwardedFor:      "X-Forwarded-For",
	XRealIP:            "X-Real-IP",
	Accept:             "Accept",
	AcceptLanguage:     "Accept-Language",
	Depth:              "Depth",
	Destination:        "Destination",
	Overwrite:          "Overwrite",
	Date:               "Date",
	Cookie:             "Cookie",

	StatusField:        "Status",
	LastModified:       "Last-Modified",
	ETag:               "ETag",
	Server:             "Server",
	WWWAuthenticate:    "WWW-Authenticate",
	Location:           "Location",
	Refresh:            "Refresh",
	SetCookie:          "Set-Cookie",
	ContentDisposition: "Content-Disposition",
	CacheControl:       "Cache-Control",
	Expires:            "Expires",
	AcceptRanges:       "Accept-Ranges",
	Vary:               "Vary",
	Link:               "Link",
	XAccelExpires:      "X-Accel-Expires",
	XAccelRedirect:     "X-Accel-Redirect",
	XAccelLimitRate:    "X-Accel-Limit-Rate",
	XAccelBuffering:    "X-Accel-Buffering",
	XAccelCharset:      "X-Accel-Charset",
	ContentEncoding:    "Content-Encoding",

	Trailer:                 "Trailer",
	Age:                     "Age",
	Allow:                   "Allow",
	AltSvc:                  "Alt-Svc",
	ContentLanguage:         "Content-Language",
	ContentLocation:         "Content-Location",
	EarlyData:               "Early-Data",
	Forwarded:               "Forwarded",
	GRPCStatus:              "grpc-status",
	HTTP2Settings:           "HTTP2-Settings",
	MaxForwards:             "Max-Forwards",
	Origin:                  "Origin",
	Pragma:                  "Pragma",
	Priority:                "Priority",
	ProxyAuthenticate:       "Proxy-Authenticate",
	RetryAfter:              "Retry-After",
	SecWebSocketKey:         "Sec-WebSocket-Key",
	StrictTransportSecurity: "Strict-Transport-Security",
	XForwardedHost:          "X-Forwarded-Host",
	XForwardedPort:          "X-Forwarded-Port",
	XForwardedProto:         "X-Forwarded-Proto",
	XRequestID:              "X-Request-ID",
}

// String returns the field's name as nginx writes it, "" for UnknownField.
func (id FieldID) String() string {
	if id < NumFields {
		return fieldNames[id]
	}
	return ""
}

// fieldTable is an open-addressing hash table of FieldIDs, under half full,
// with 0 for an empty slot. Never written after it is built.
var fieldTable = newFieldTable()

func newFieldTable() (t [256]FieldID) {
	for id := UnknownField + 1; id < NumFields; id++ {
		slot := fieldHash([]byte(fieldNames[id]))
		for t[slot] != UnknownField {
			slot++
		}
		t[slot] = id
	}
	return t
}

// fieldHash is the slot where the search for name begins. It ignores case.
func fieldHash(name []byte) uint8 {
	n := len(name)
	return uint8(n)*7 + (name[0]|0x20)*31 + (name[n-1]|0x20)*5 + (name[n/2]|0x20)*113
}

// LookupField returns the well-known field called name in any case, or
// UnknownField.
func LookupField(name []byte) FieldID {
	if len(name) == 0 {
		return UnknownField
	}
	for slot := fieldHash(name); ; slot++ {
		id := fieldTable[slot]
		if id == UnknownField || EqualFold(name, fieldNames[id]) {
			return id
		}
	}
}

// knownName returns the well-known field whose name, as it is mostly written, b begins with, and the offset of the colon
// behind. Such a name needs no look at its characters.
func knownName(b []byte) (id FieldID, end int) {
	end = bytes.IndexByte(b[:min(len(b), maxFieldName+1)], ':')
	if end <= 0 {
		return UnknownField, 0
	}
	name := b[:end]
	for slot := fieldHash(name); ; slot++ {
		id = fieldTable[slot]
		if id == UnknownField || string(name) == fieldNames[id] {
			return id, end
		}
	}
}

// maxFieldName is the length of the longest name in fieldNames.
const maxFieldName = len("Strict-Transport-Security")

// EqualFold tells whether a and s are equal with ASCII letters of either case
// taken as equal.
func EqualFold(a []byte, s string) bool {
	if len(a) != len(s) {
		return false
	}
	for i, c := range a {
		if c != s[i] && lower(c) != lower(s[i]) {
			return false
		}
	}
	return true
}

// IsVariable reports whether field is the name that a variable such as
// $http_x_real_ip asks for with name: lower case, dashes as underscores.
func IsVariable(field []byte, name string) bool {
	if len(field) != len(name) {
		return false
	}
	for i, c := range field {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		} else if c == '-' {
			c = '_'
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

// AppendLower appends b to dst in lower case; only ASCII letters change.
func AppendLower(dst, b []byte) []byte {
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}
