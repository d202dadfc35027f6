package acme

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Plan is what one configuration wants. It does not change once it is loaded.
type Plan struct {
	Issuers []*Issuer // in the order of the configuration
}

// The challenges that an issuer may use: RFC 8555, 8.3, and RFC 8737.
const (
	HTTP01    = "http-01"
	TLSALPN01 = "tls-alpn-01"
)

// Issuer is an acme_issuer block. Paths are complete.
type Issuer struct {
	Name       string
	URI        string // of the directory
	AccountKey Key
	Challenge  string
	CommonName bool // common_name_in_csr
	Contacts   []string
	EAB        *ExternalAccount // nil: none
	Chain      string           // preferred_chain; "": what the CA prefers
	Profile    Profile
	Trusted    string // ssl_trusted_certificate; "": those of the system
	Verify     bool   // ssl_verify
	StatePath  string // "": nothing is kept
	AgreeTerms bool   // accept_terms_of_service
	Resolver   Resolver

	Orders []*Order
}

// ExternalAccount is external_account_key. The key is Data, or what File has.
type ExternalAccount struct {
	ID   string
	File string
	Data string // base64url
}

// Profile is the directive profile. The zero value asks for none.
type Profile struct {
	Name     string
	Required bool
}

// Resolver is the directive resolver of http, with resolver_timeout. Without words the
// system's resolver is used.
type Resolver struct {
	Words   []string
	Timeout time.Duration
}

// Key is a kind of private key. The zero value is none.
type Key struct {
	RSA  bool
	Bits int
	File string // an existing key; then the others are zero
}

// DefaultKey is the kind of key where no directive says one.
func DefaultKey() Key { return Key{Bits: 256} }

// ParseKey reads "ecdsa:256", "rsa", or the name of a file. The errors are in nginx's words.
func ParseKey(text string) (Key, error) {
	alg, size, sized := strings.Cut(text, ":")
	bits, err := strconv.Atoi(size)
	switch {
	case alg != "ecdsa" && alg != "rsa":
		return Key{File: text}, nil
	case !sized && alg == "ecdsa":
		return DefaultKey(), nil
	case !sized:
		return Key{RSA: true, Bits: 2048}, nil
	case alg == "ecdsa" && (err != nil || curveOf(bits) == nil || size != strconv.Itoa(bits)):
		return Key{}, errors.New("unsupported curve")
	case alg == "rsa" && size != "2048" && size != "3072" && size != "4096":
		return Key{}, errors.New("unsupported key size")
	}
	return Key{RSA: alg == "rsa", Bits: bits}, nil
}

func curveOf(bits int) elliptic.Curve {
	switch bits {
	case 256:
		return elliptic.P256()
	case 384:
		return elliptic.P384()
	case 521:
		return elliptic.P521()
	}
	return nil
}

// Generate makes a key of the kind. RSA keys take up to seconds.
func (k Key) Generate() (crypto.Signer, error) {
	switch {
	case k.RSA:
		return rsa.GenerateKey(rand.Reader, k.Bits)
	case curveOf(k.Bits) != nil:
		return ecdsa.GenerateKey(curveOf(k.Bits), rand.Reader)
	}
	return nil, errors.New("cannot generate this key")
}

// String is the kind in the words of the directive.
func (k Key) String() string {
	switch {
	case k.File != "":
		return k.File
	case k.RSA:
		return fmt.Sprintf("rsa:%d", k.Bits)
	}
	return fmt.Sprintf("ecdsa:%d", k.Bits)
}
