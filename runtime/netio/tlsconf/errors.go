package tlsconf

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// An Error is a TLS setting that cannot be used, worded as nginx words it: what
// was tried, then the library's error queue in parentheses.
type Error struct {
	// Op names the step and its object: `SSL_CTX_set_cipher_list("foo") failed`.
	Op string
	// Queue holds the OpenSSL errors, oldest first, each in the form
	// `error:0A0000B9:SSL routines::no cipher match`. It may be empty.
	Queue []string
	// Cause is the Go error behind it, or nil. It is not printed where Queue
	// says the same.
	Cause error
}

// Error returns the message as nginx logs it.
func (e *Error) Error() string {
	if len(e.Queue) == 0 {
		return e.Op
	}
	return e.Op + " (SSL: " + strings.Join(e.Queue, " ") + ")"
}

// Unwrap returns the Go error behind e, so that errors.Is(err, fs.ErrNotExist)
// works.
func (e *Error) Unwrap() error { return e.Cause }

// Errors of OpenSSL 3 that more than one reader reports.
const (
	errNoCipherMatch = "error:0A0000B9:SSL routines::no cipher match"
	errBadCommand    = "error:0A000118:SSL routines::invalid command"
	errBadBase64     = "error:04800064:PEM routines::bad base64 decode"
	errBadEndLine    = "error:04800066:PEM routines::bad end line"
	errNoStartLine   = "error:0480006C:PEM routines::no start line:Expecting: "
	errPEMASN1       = "error:0488000D:PEM routines::ASN1 lib"
	errWrongTag      = "error:068000A8:asn1 encoding routines::wrong tag"
	errNotEnough     = "error:0680008E:asn1 encoding routines::not enough data"
	errNestedASN1    = "error:0688010A:asn1 encoding routines::nested asn1 error:Type="
	errUndecodable   = "error:1E08010C:DECODER routines::unsupported:No supported data to decode. Input type: PEM"
	errKeyValues     = "error:05800074:x509 certificate routines::key values mismatch"
	errKeyType       = "error:05800073:x509 certificate routines::key type mismatch"
	errBadDecrypt    = "error:1C800064:Provider routines::bad decrypt"
)

// fopenErrors is the error queue BIO_new_file leaves when path cannot be opened.
func fopenErrors(path, mode string, err error) []string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		errno = syscall.EIO
		if errors.Is(err, fs.ErrNotExist) {
			errno = syscall.ENOENT
		}
	}
	system := systemError(errno, "fopen("+path+", "+mode+")")
	if errno == syscall.ENOENT {
		return []string{system, "error:10000080:BIO routines::no such file"}
	}
	return []string{system, "error:10080002:BIO routines::system lib"}
}

// systemError is OpenSSL's error of a failed system call.
func systemError(errno syscall.Errno, call string) string {
	return "error:" + hex8(0x80000000|uint32(errno)) + ":system library::" + strerror(errno) + ":calling " + call
}

// hex8 formats v as eight upper-case hexadecimal digits.
func hex8(v uint32) string {
	const digits = "0123456789ABCDEF"
	var b [8]byte
	for i := range b {
		b[i] = digits[v>>(28-4*i)&0xf]
	}
	return string(b[:])
}

// strerror returns the C library's text of errno: Go's, with a capital letter.
func strerror(errno syscall.Errno) string {
	s := errno.Error()
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		s = string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
