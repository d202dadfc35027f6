package tlsconf

import (
	"crypto/sha1" //nolint:gosec // the fingerprint nginx prints
	"crypto/x509"
	"encoding/base64"
	"strconv"
	"time"
)

// The functions below are the values of the variables that describe a client's
// certificate. Each appends to dst.

// AppendSerial appends $ssl_client_serial: the number in upper-case hexadecimal,
// an even count of digits.
func AppendSerial(dst []byte, cert *x509.Certificate) []byte {
	if cert.SerialNumber.Sign() < 0 {
		dst = append(dst, '-')
	}
	b := cert.SerialNumber.Bytes()
	if len(b) == 0 {
		b = []byte{0}
	}
	return appendUpperHex(dst, b)
}

// AppendFingerprint appends $ssl_client_fingerprint: the SHA-1 of the
// certificate in lower-case hexadecimal.
func AppendFingerprint(dst []byte, cert *x509.Certificate) []byte {
	sum := sha1.Sum(cert.Raw)
	return appendLowerHex(dst, sum[:])
}

// AppendTime appends $ssl_client_v_start or $ssl_client_v_end for a bound of the
// validity: "Feb  3 00:55:52 2015 GMT".
func AppendTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, "Jan _2 15:04:05 2006 GMT")
}

// AppendRemain appends $ssl_client_v_remain: the whole days until the
// certificate expires, 0 when it has.
func AppendRemain(dst []byte, cert *x509.Certificate, now time.Time) []byte {
	const day = 86400
	return strconv.AppendInt(dst, max(0, (cert.NotAfter.Unix()-now.Unix())/day), 10)
}

// AppendPEM appends $ssl_client_raw_cert: the certificate in PEM, with the
// newline at its end.
func AppendPEM(dst []byte, cert *x509.Certificate) []byte { return appendPEM(dst, cert, "") }

// AppendTabbedPEM appends $ssl_client_cert: PEM with a tab before each line but
// the first, so that it fits into an old folded header, and no newline at the
// end.
func AppendTabbedPEM(dst []byte, cert *x509.Certificate) []byte {
	dst = appendPEM(dst, cert, "\t")
	return dst[:len(dst)-1]
}

// AppendEscapedPEM appends $ssl_client_escaped_cert: PEM, percent-encoded.
func AppendEscapedPEM(dst []byte, cert *x509.Certificate) []byte {
	start := len(dst)
	dst = appendPEM(dst, cert, "")
	plain := append([]byte(nil), dst[start:]...)
	dst = dst[:start]
	for _, c := range plain {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
			dst = append(dst, c)
		default: // PEM has only + / = blank and newline beside those
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// appendPEM appends a certificate in PEM, with indent before each line but the
// first.
func appendPEM(dst []byte, cert *x509.Certificate, indent string) []byte {
	dst = append(dst, "-----BEGIN CERTIFICATE-----\n"...)
	const lineBytes = 48
	for der := cert.Raw; len(der) > 0; {
		n := min(lineBytes, len(der))
		dst = append(dst, indent...)
		dst = base64.StdEncoding.AppendEncode(dst, der[:n])
		dst = append(dst, '\n')
		der = der[n:]
	}
	dst = append(dst, indent...)
	return append(dst, "-----END CERTIFICATE-----\n"...)
}
