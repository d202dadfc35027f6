package tlsconf

import (
	"crypto/tls"
	"slices"
)

// ProtocolName is the value of $ssl_protocol for a version of
// tls.ConnectionState: "TLSv1.3". It is "" for a version TLS does not have.
func ProtocolName(version uint16) string {
	switch version {
	case tls.VersionTLS10:
		return "TLSv1"
	case tls.VersionTLS11:
		return "TLSv1.1"
	case tls.VersionTLS12:
		return "TLSv1.2"
	case tls.VersionTLS13:
		return "TLSv1.3"
	}
	return ""
}

// CipherName is the value of $ssl_cipher for a suite of tls.ConnectionState, in
// OpenSSL's words: ECDHE-RSA-AES128-GCM-SHA256, TLS_AES_128_GCM_SHA256. It is ""
// for a number OpenSSL has no suite for, and does not allocate.
func CipherName(id uint16) string {
	switch id {
	case tls.TLS_AES_128_GCM_SHA256:
		return "TLS_AES_128_GCM_SHA256"
	case tls.TLS_AES_256_GCM_SHA384:
		return "TLS_AES_256_GCM_SHA384"
	case tls.TLS_CHACHA20_POLY1305_SHA256:
		return "TLS_CHACHA20_POLY1305_SHA256"
	case 0x1304:
		return "TLS_AES_128_CCM_SHA256"
	case 0x1305:
		return "TLS_AES_128_CCM_8_SHA256"
	case 0x00ff:
		return "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"
	case 0x5600:
		return "TLS_FALLBACK_SCSV"
	}
	i, ok := slices.BinarySearchFunc(suites[:], id, func(s suite, id uint16) int { return int(s.id) - int(id) })
	if !ok {
		return ""
	}
	return suites[i].name
}

// AppendCiphers appends the value of $ssl_ciphers, the suites a client offers
// (tls.ClientHelloInfo.CipherSuites): names joined by colons, 0x%04x for GREASE
// and other numbers without a name.
func AppendCiphers(dst []byte, offered []uint16) []byte {
	for i, id := range offered {
		if i > 0 {
			dst = append(dst, ':')
		}
		if name := CipherName(id); name != "" {
			dst = append(dst, name...)
		} else {
			dst = appendHex16(dst, id)
		}
	}
	return dst
}

// AppendSigAlgs appends the value of $ssl_sigalgs, the signature algorithms a
// client offers, as numbers: 0x0804:0x0403.
func AppendSigAlgs(dst []byte, offered []tls.SignatureScheme) []byte {
	for i, id := range offered {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = appendHex16(dst, uint16(id))
	}
	return dst
}

// SessionReused is the value of $ssl_session_reused: "r" or ".".
func SessionReused(cs *tls.ConnectionState) string {
	if cs.DidResume {
		return "r"
	}
	return "."
}
