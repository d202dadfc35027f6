package tlsconf

// A suite is one TLS 1.2 (or older) cipher suite as OpenSSL classifies it.
type suite struct {
	id       uint16
	name     string   // OpenSSL's name
	kx       keyX     // one bit
	auth     authAlg  // one bit
	enc      encAlg   // one bit
	mac      macAlg   // one bit
	min      minTLS   // the version that introduced it
	bits     int      // symmetric strength
	strength strength // class bits
}

type (
	keyX     uint16
	authAlg  uint16
	encAlg   uint32
	macAlg   uint16
	minTLS   uint8
	strength uint8
)

// Key exchanges.
const (
	kRSA keyX = 1 << iota
	kDHE
	kECDHE
	kPSK
	kRSAPSK
	kDHEPSK
	kECDHEPSK
	kSRP

	kAnyPSK = kPSK | kRSAPSK | kDHEPSK | kECDHEPSK
)

// Authentication.
const (
	aRSA authAlg = 1 << iota
	aDSS
	aNULL
	aECDSA
	aPSK
	aSRP
)

// Encryption.
const (
	eNULL encAlg = 1 << iota
	eAES128
	eAES256
	eAES128GCM
	eAES256GCM
	eAES128CCM
	eAES256CCM
	eAES128CCM8
	eAES256CCM8
	eCAMELLIA128
	eCAMELLIA256
	eCHACHA20
	eARIA128GCM
	eARIA256GCM

	eAESGCM   = eAES128GCM | eAES256GCM
	eAESCCM8  = eAES128CCM8 | eAES256CCM8
	eAESCCM   = eAES128CCM | eAES256CCM | eAESCCM8
	eAES      = eAES128 | eAES256 | eAESGCM | eAESCCM
	eCAMELLIA = eCAMELLIA128 | eCAMELLIA256
	eARIA     = eARIA128GCM | eARIA256GCM
	eCBC      = eAES128 | eAES256 | eCAMELLIA
)

// Message authentication.
const (
	mMD5 macAlg = 1 << iota
	mSHA1
	mSHA256
	mSHA384
	mAEAD
)

// Protocol that introduced the suite.
const (
	ssl3 minTLS = iota + 1
	tls1
	tls12
)

// Strength classes; the first four exclude each other.
const (
	none strength = 1 << iota
	low
	medium
	high
	fips
	notDefault

	strongMask  = none | low | medium | high | fips
	defaultMask = notDefault
)

// A pattern selects suites: each non-zero field must share a bit with (or, for
// id and min, equal) the suite's.
type pattern struct {
	id       uint16
	kx       keyX
	auth     authAlg
	enc      encAlg
	mac      macAlg
	min      minTLS
	strength strength
}

// matches reports whether p selects s.
func (p *pattern) matches(s *suite) bool {
	switch {
	case p.id != 0 && p.id != s.id,
		p.kx != 0 && p.kx&s.kx == 0,
		p.auth != 0 && p.auth&s.auth == 0,
		p.enc != 0 && p.enc&s.enc == 0,
		p.mac != 0 && p.mac&s.mac == 0,
		p.min != 0 && p.min != s.min,
		p.strength&strongMask != 0 && p.strength&strongMask&s.strength == 0,
		p.strength&defaultMask != 0 && p.strength&defaultMask&s.strength == 0:
		return false
	}
	return true
}

// and narrows p by q, the next alias of an `A+B` word. It reports false when
// nothing can satisfy both.
func (p *pattern) and(q pattern) bool {
	ok := narrow(&p.kx, q.kx) && narrow(&p.auth, q.auth) && narrow(&p.enc, q.enc) && narrow(&p.mac, q.mac)
	if !ok {
		return false
	}
	strong, dflt := p.strength&strongMask, p.strength&defaultMask
	if !narrow(&strong, q.strength&strongMask) || !narrow(&dflt, q.strength&defaultMask) {
		return false
	}
	p.strength = strong | dflt
	if q.id != 0 {
		p.id = q.id // an explicit suite: its version is not part of the search
		return true
	}
	if q.min != 0 {
		if p.min != 0 && p.min != q.min {
			return false
		}
		p.min = q.min
	}
	return true
}

// narrow intersects a mask with another, where zero stands for everything.
func narrow[M ~uint8 | ~uint16 | ~uint32](mask *M, with M) bool {
	if with == 0 {
		return true
	}
	if *mask == 0 {
		*mask = with
		return true
	}
	*mask &= with
	return *mask != 0
}

// aliasTable maps OpenSSL's class names to what they select. Classes whose
// algorithms no suite of the table uses (RC4, 3DES, GOST …) are left out: an
// unknown word and one that selects nothing are the same to the evaluator.
func aliasTable() map[string]pattern {
	const notNULL, authenticated = ^eNULL, ^aNULL
	return map[string]pattern{
		"ALL":                 {enc: notNULL},
		"COMPLEMENTOFALL":     {enc: eNULL},
		"COMPLEMENTOFDEFAULT": {strength: notDefault},

		"kRSA": {kx: kRSA}, "kEDH": {kx: kDHE}, "kDHE": {kx: kDHE}, "DH": {kx: kDHE},
		"kEECDH": {kx: kECDHE}, "kECDHE": {kx: kECDHE}, "ECDH": {kx: kECDHE},
		"kPSK": {kx: kPSK}, "kRSAPSK": {kx: kRSAPSK}, "kDHEPSK": {kx: kDHEPSK}, "kECDHEPSK": {kx: kECDHEPSK},
		"kSRP": {kx: kSRP}, "SRP": {kx: kSRP}, "PSK": {kx: kAnyPSK},

		"aRSA": {auth: aRSA}, "aDSS": {auth: aDSS}, "DSS": {auth: aDSS}, "aNULL": {auth: aNULL},
		"aECDSA": {auth: aECDSA}, "ECDSA": {auth: aECDSA}, "aPSK": {auth: aPSK}, "aSRP": {auth: aSRP},

		"EDH": {kx: kDHE, auth: authenticated}, "DHE": {kx: kDHE, auth: authenticated},
		"EECDH": {kx: kECDHE, auth: authenticated}, "ECDHE": {kx: kECDHE, auth: authenticated},
		"RSA": {kx: kRSA, auth: aRSA}, "ADH": {kx: kDHE, auth: aNULL}, "AECDH": {kx: kECDHE, auth: aNULL},

		"NULL": {enc: eNULL}, "eNULL": {enc: eNULL},
		"AES128": {enc: eAES128 | eAES128GCM | eAES128CCM | eAES128CCM8},
		"AES256": {enc: eAES256 | eAES256GCM | eAES256CCM | eAES256CCM8},
		"AES":    {enc: eAES}, "AESGCM": {enc: eAESGCM}, "AESCCM": {enc: eAESCCM}, "AESCCM8": {enc: eAESCCM8},
		"CAMELLIA128": {enc: eCAMELLIA128}, "CAMELLIA256": {enc: eCAMELLIA256}, "CAMELLIA": {enc: eCAMELLIA},
		"CHACHA20": {enc: eCHACHA20}, "CBC": {enc: eCBC},
		"ARIA": {enc: eARIA}, "ARIAGCM": {enc: eARIA}, "ARIA128": {enc: eARIA128GCM}, "ARIA256": {enc: eARIA256GCM},

		"MD5": {mac: mMD5}, "SHA1": {mac: mSHA1}, "SHA": {mac: mSHA1}, "SHA256": {mac: mSHA256}, "SHA384": {mac: mSHA384},

		"SSLv3": {min: ssl3}, "TLSv1": {min: tls1}, "TLSv1.0": {min: tls1}, "TLSv1.2": {min: tls12},

		"LOW": {strength: low}, "MEDIUM": {strength: medium}, "HIGH": {strength: high}, "FIPS": {strength: fips},
	}
}
