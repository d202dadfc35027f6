package acme

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/resolver"
)

// Plan is what one configuration wants. It does not change once it is loaded.
type Plan struct {
	Issuers []*Issuer // in the order of the configuration
}

// Orders reports whether any certificate is wanted.
func (p *Plan) Orders() bool {
	return slices.ContainsFunc(p.Issuers, func(i *Issuer) bool { return len(i.Orders) > 0 })
}

// The challenges that an issuer may use: RFC 8555, 8.3, and RFC 8737.
const (
	HTTP01    = "http-01"
	TLSALPN01 = "tls-alpn-01"
	DNS01     = "dns-01" // with acme_hook
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
	Roots      [][]byte // ssl_trusted_certificate, in DER; none: those of the system
	Verify     bool     // ssl_verify
	StatePath  string   // "": nothing is kept
	AgreeTerms bool     // accept_terms_of_service
	// Resolver is the directive resolver of http; nil: that of the system. ResolverTimeout goes
	// with it.
	Resolver        *resolver.Config
	ResolverTimeout time.Duration

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

// Same reports whether the issuers differ in nothing but their orders.
func (i *Issuer) Same(other *Issuer) bool {
	a, b := *i, *other
	a.Orders, b.Orders = nil, nil
	return reflect.DeepEqual(a, b)
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

// Key returns the key of the account binding. read reads the file that has it. The errors are in
// nginx's words where it has any.
func (e *ExternalAccount) Key(read func(name string) ([]byte, error)) ([]byte, error) {
	text := e.Data
	if e.File != "" {
		b, err := read(e.File)
		if err != nil {
			return nil, err
		}
		text = string(b)
	}
	key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(text), "="))
	if err != nil || len(key) == 0 {
		return nil, ErrEncoding
	}
	return key, nil
}

// ErrEncoding is what a directive says of a key of an account binding that is none.
var ErrEncoding = errors.New("invalid base64url encoded value")
