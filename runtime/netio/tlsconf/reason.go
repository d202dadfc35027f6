package tlsconf

import (
	"crypto/tls"
	"errors"
	"strconv"
	"strings"
)

// alertReasons are OpenSSL's words for the alerts of a peer.
var alertReasons = map[byte]string{
	10: "sslv3 alert unexpected message", 20: "sslv3 alert bad record mac", 30: "sslv3 alert decompression failure",
	40: "sslv3 alert handshake failure", 41: "sslv3 alert no certificate", 42: "sslv3 alert bad certificate",
	43: "sslv3 alert unsupported certificate", 44: "sslv3 alert certificate revoked", 45: "sslv3 alert certificate expired",
	46: "sslv3 alert certificate unknown", 47: "sslv3 alert illegal parameter", 48: "tlsv1 alert unknown ca",
	49: "tlsv1 alert access denied", 50: "tlsv1 alert decode error", 51: "tlsv1 alert decrypt error",
	70: "tlsv1 alert protocol version", 71: "tlsv1 alert insufficient security", 80: "tlsv1 alert internal error",
	86: "tlsv1 alert inappropriate fallback", 90: "tlsv1 alert user cancelled", 109: "tlsv13 alert missing extension",
	110: "tlsv1 unsupported extension", 112: "tlsv1 unrecognized name", 116: "tlsv13 alert certificate required",
	120: "tlsv1 alert no application protocol",
}

// handshakeReasons are OpenSSL's errors for what crypto/tls says, by the
// beginning of its message.
var handshakeReasons = []struct{ text, queue string }{
	{"tls: client offered only unsupported versions", "0A000102:SSL routines::unsupported protocol"},
	{"tls: server selected unsupported protocol version", "0A000102:SSL routines::unsupported protocol"},
	{"tls: no cipher suite supported by both", "0A0000C1:SSL routines::no shared cipher"},
	{"tls: client requested unsupported application protocols", "0A0000EB:SSL routines::no application protocol"},
	{"tls: peer doesn't support any of the certificate's signature algorithms", "0A000076:SSL routines::no suitable signature algorithm"},
	{"tls: no key exchanges supported", "0A000065:SSL routines::no suitable key share"},
	{"tls: no supported elliptic curves offered", "0A000065:SSL routines::no suitable key share"},
	{"tls: first record does not look like", "0A00010B:SSL routines::wrong version number"},
	{"tls: received record with version", "0A00010B:SSL routines::wrong version number"},
	{"tls: unsupported SSLv2 handshake", "0A0000FC:SSL routines::unknown protocol"},
	{"tls: oversized record", "0A0000C6:SSL routines::packet length too long"},
	{"tls: handshake message of length", "0A000098:SSL routines::excessive message size"},
	{"tls: client using inappropriate protocol fallback", "0A000175:SSL routines::inappropriate fallback"},
	{"local error: tls: bad record MAC", "0A000119:SSL routines::decryption failed or bad record mac"},
	{"local error: tls: unexpected message", "0A0000F4:SSL routines::unexpected message"},
	{"local error: tls: error decoding message", "0A00009F:SSL routines::length mismatch"},
	{errNoCertificate.Error(), "0A000179:SSL routines::cert cb error"},
}

// HandshakeReason words a failed handshake as OpenSSL's error queue does:
// "error:0A0000C1:SSL routines::no shared cipher". alert is the alert the peer
// sent where the caller has seen it go by, else 0. What OpenSSL has no words
// for is told in crypto/tls's.
func HandshakeReason(err error, alert byte) string {
	text := err.Error()
	if alert == 0 {
		alert = remoteAlert(text)
	}
	if reason := alertReasons[alert]; reason != "" {
		code := strings.ToUpper(strconv.FormatUint(0x0A000000+1000+uint64(alert), 16))
		return "error:0" + code + ":SSL routines::" + reason + ":SSL alert number " + strconv.Itoa(int(alert))
	}
	var load *Error
	if errors.As(err, &load) {
		return "error:0A000179:SSL routines::cert cb error"
	}
	for _, r := range handshakeReasons {
		if strings.HasPrefix(text, r.text) {
			return "error:" + r.queue
		}
	}
	return strings.TrimPrefix(text, "tls: ")
}

// remoteAlert finds the alert in crypto/tls's message about one, 0 if there is
// none.
func remoteAlert(text string) byte {
	rest, ok := strings.CutPrefix(text, "remote error: ")
	for n := range alertReasons {
		if ok && tls.AlertError(n).Error() == rest {
			return n
		}
	}
	return 0
}
