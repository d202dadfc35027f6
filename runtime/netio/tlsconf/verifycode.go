package tlsconf

import "strconv"

// A VerifyCode is the outcome of checking a peer's certificate, numbered as
// OpenSSL's X509_V_ERR_* (the number of nginx's log line
// `client SSL certificate verify error: (21:unable to verify the first certificate)`).
type VerifyCode int

// The codes this package can give.
const (
	VerifyOK                 VerifyCode = 0
	VerifyNoIssuer           VerifyCode = 2
	VerifyNoCRL              VerifyCode = 3
	VerifyBadSignature       VerifyCode = 7
	VerifyCRLBadSignature    VerifyCode = 8
	VerifyNotYetValid        VerifyCode = 9
	VerifyExpired            VerifyCode = 10
	VerifyCRLNotYetValid     VerifyCode = 11
	VerifyCRLExpired         VerifyCode = 12
	VerifySelfSigned         VerifyCode = 18
	VerifySelfSignedInChain  VerifyCode = 19
	VerifyNoLocalIssuer      VerifyCode = 20
	VerifyNoLeafSignature    VerifyCode = 21
	VerifyChainTooLong       VerifyCode = 22
	VerifyRevoked            VerifyCode = 23
	VerifyPathLength         VerifyCode = 25
	VerifyPurpose            VerifyCode = 26
	VerifyRejected           VerifyCode = 28
	VerifyNoCertSign         VerifyCode = 32
	VerifyCriticalExtension  VerifyCode = 34
	VerifyNoCRLSign          VerifyCode = 35
	VerifyPermittedViolation VerifyCode = 47
	VerifyDigestTooWeak      VerifyCode = 68
	VerifyInvalidCA          VerifyCode = 79
)

// Error returns OpenSSL's words for c: "certificate has expired".
func (c VerifyCode) Error() string {
	switch c {
	case VerifyOK:
		return "ok"
	case VerifyNoIssuer:
		return "unable to get issuer certificate"
	case VerifyNoCRL:
		return "unable to get certificate CRL"
	case VerifyBadSignature:
		return "certificate signature failure"
	case VerifyCRLBadSignature:
		return "CRL signature failure"
	case VerifyNotYetValid:
		return "certificate is not yet valid"
	case VerifyExpired:
		return "certificate has expired"
	case VerifyCRLNotYetValid:
		return "CRL is not yet valid"
	case VerifyCRLExpired:
		return "CRL has expired"
	case VerifySelfSigned:
		return "self-signed certificate"
	case VerifySelfSignedInChain:
		return "self-signed certificate in certificate chain"
	case VerifyNoLocalIssuer:
		return "unable to get local issuer certificate"
	case VerifyNoLeafSignature:
		return "unable to verify the first certificate"
	case VerifyChainTooLong:
		return "certificate chain too long"
	case VerifyRevoked:
		return "certificate revoked"
	case VerifyPathLength:
		return "path length constraint exceeded"
	case VerifyPurpose:
		return "unsuitable certificate purpose"
	case VerifyRejected:
		return "certificate rejected"
	case VerifyNoCertSign:
		return "key usage does not include certificate signing"
	case VerifyCriticalExtension:
		return "unhandled critical extension"
	case VerifyNoCRLSign:
		return "key usage does not include CRL signing"
	case VerifyPermittedViolation:
		return "permitted subtree violation"
	case VerifyDigestTooWeak:
		return "CA signature digest algorithm too weak"
	case VerifyInvalidCA:
		return "invalid CA certificate"
	}
	return "error number " + strconv.Itoa(int(c))
}

// Untrusted reports whether c only says that the chain does not lead to a known
// authority, which `ssl_verify_client optional_no_ca` lets pass.
func (c VerifyCode) Untrusted() bool {
	switch c {
	case VerifySelfSigned, VerifySelfSignedInChain, VerifyNoLocalIssuer, VerifyNoLeafSignature:
		return true
	}
	return false
}

// ClientVerify is the value of $ssl_client_verify: "NONE" without a
// certificate, "SUCCESS", or "FAILED:" and the reason.
func (c VerifyCode) ClientVerify(hasCertificate bool) string {
	switch {
	case !hasCertificate:
		return "NONE"
	case c == VerifyOK:
		return "SUCCESS"
	}
	return "FAILED:" + c.Error()
}
