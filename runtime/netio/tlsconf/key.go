package tlsconf

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // old key files are encrypted with it
	"crypto/md5" //nolint:gosec // OpenSSL's old key derivation
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"
)

// errPassword says that a password is wrong, or missing, for an encrypted key.
var (
	errPassword = errors.New("wrong password")
	errNoKey    = errors.New("no private key")
)

// Keys that are no files of the configuration.
const (
	enginePrefix = "engine:"
	storePrefix  = "store:"
)

// key reads a private key. Without passwords an encrypted key is an error: a server
// cannot prompt for one.
func (read ReadFile) key(name string, passwords [][]byte) (crypto.Signer, error) {
	op := `cannot load certificate key "` + name + `": `
	uri, stored := strings.CutPrefix(name, storePrefix)
	switch {
	case stored:
		return read.stored(op, uri, passwords)
	case strings.HasPrefix(name, enginePrefix):
		return nil, unsupportedKey(op, enginePrefix)
	}
	data, queue, err := read.pem(name, "r")
	if err != nil {
		return nil, &Error{Op: op + "BIO_new_file() failed", Queue: queue, Cause: err}
	}
	return readKey(op+"PEM_read_bio_PrivateKey() failed", data, passwords)
}

// unsupportedKey is nginx's error for keys that its OpenSSL cannot load.
func unsupportedKey(op, prefix string) error {
	return &Error{Op: op + `loading "` + prefix + `..." certificate keys is not supported`}
}

// readKey decodes the first private key of a PEM file; op begins the error.
func readKey(op string, data []byte, passwords [][]byte) (crypto.Signer, error) {
	block, _, ok := nextKey(data)
	if !ok {
		return nil, &Error{Op: op, Queue: []string{errUndecodable}, Cause: errNoKey}
	}
	if !block.encrypted() {
		key, err := parseKey(block)
		if err != nil {
			return nil, &Error{Op: op, Queue: keyQueue(block), Cause: err}
		}
		return key, nil
	}
	if len(passwords) == 0 {
		return nil, &Error{Op: op, Cause: errPassword, Queue: []string{
			"error:0480006D:PEM routines::problems getting password",
			"error:07880109:common libcrypto routines::interrupted or cancelled",
			errBadPassword,
		}}
	}
	var err error
	for _, password := range passwords {
		var key crypto.Signer
		if key, err = decryptKey(block, password); err == nil {
			return key, nil
		}
	}
	last := passwords[len(passwords)-1]
	return nil, &Error{Op: op, Queue: decryptQueue(block, last), Cause: err}
}

// keyQueue is what OpenSSL says about a key block whose DER it cannot read.
func keyQueue(block pemBlock) []string {
	reason := derQueue(block.der)
	queue := []string{errUndecodable}
	switch block.label {
	case "RSA PRIVATE KEY":
		queue = append(queue, reason, errNestedASN1+"RSAPrivateKey")
	case "EC PRIVATE KEY":
		queue = append(queue, reason, errNestedASN1+"EC_PRIVATEKEY")
	}
	return append(queue, reason, errNestedASN1+"PKCS8_PRIV_KEY_INFO")
}

// decryptQueue is what OpenSSL says about a wrong password; both of its decoders
// try a PKCS #8 key.
func decryptQueue(block pemBlock, password []byte) []string {
	if block.label != "ENCRYPTED PRIVATE KEY" {
		return []string{errBadDecrypt, "error:04800065:PEM routines::bad decrypt"}
	}
	hint := "error:11800074:PKCS12 routines::pkcs12 cipherfinal error:maybe wrong password"
	if len(password) == 0 {
		hint = "error:11800074:PKCS12 routines::pkcs12 cipherfinal error:empty password"
	}
	return []string{errBadDecrypt, hint, errBadDecrypt, hint}
}

// nextKey returns the first private key of PEM data and what follows it, passing
// over others' blocks (EC PARAMETERS, certificates). A malformed block ends the
// search.
func nextKey(data []byte) (block pemBlock, rest []byte, ok bool) {
	for {
		block, rest, ok, err := nextPEM(data)
		if !ok || err != nil {
			return block, nil, false
		}
		switch block.label {
		case "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY":
			return block, rest, true
		}
		data = rest
	}
}

// encrypted reports whether a password is needed.
func (b *pemBlock) encrypted() bool { return b.proc != "" || b.label == "ENCRYPTED PRIVATE KEY" }

// parseKey decodes a key in the clear.
func parseKey(block pemBlock) (crypto.Signer, error) {
	var key any
	var err error
	switch block.label {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.der)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.der)
	default:
		key, err = x509.ParsePKCS8PrivateKey(block.der)
	}
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errNoKey
	}
	return signer, nil
}

// decryptKey decodes a key with a password.
func decryptKey(block pemBlock, password []byte) (crypto.Signer, error) {
	var err error
	if block.proc != "" {
		block.der, err = decryptDEK(block.proc, block.der, password)
	} else {
		block.der, err = decryptPBES2(block.der, password)
	}
	if err != nil {
		return nil, err
	}
	key, err := parseKey(block)
	if err != nil { // the padding came out right by chance
		return nil, errPassword
	}
	return key, nil
}

// decryptDEK undoes the encryption of RFC 1421 as OpenSSL uses it: the value of
// DEK-Info is the cipher and the hexadecimal initialisation vector, whose first
// eight bytes salt an MD5 key derivation.
func decryptDEK(info string, body, password []byte) ([]byte, error) {
	name, ivHex, _ := strings.Cut(info, ",")
	iv, err := hex.DecodeString(ivHex)
	if err != nil {
		return nil, err
	}
	newBlock, keyLen := aes.NewCipher, 0
	switch name {
	case "AES-128-CBC":
		keyLen = 16
	case "AES-192-CBC":
		keyLen = 24
	case "AES-256-CBC":
		keyLen = 32
	case "DES-EDE3-CBC":
		newBlock, keyLen = des.NewTripleDESCipher, 24
	default:
		return nil, errors.New("unsupported cipher " + name)
	}
	if len(iv) < 8 {
		return nil, errors.New("short initialisation vector")
	}
	key := make([]byte, 0, 48)
	var digest [md5.Size]byte
	for len(key) < keyLen {
		h := md5.New() //nolint:gosec // the format's
		if len(key) > 0 {
			h.Write(digest[:])
		}
		h.Write(password)
		h.Write(iv[:8])
		h.Sum(digest[:0])
		key = append(key, digest[:]...)
	}
	block, err := newBlock(key[:keyLen])
	if err != nil {
		return nil, err
	}
	return decryptCBC(block, iv, body)
}

// decryptCBC decrypts body and removes its padding; a wrong password shows in
// the padding.
func decryptCBC(block cipher.Block, iv, body []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(body) == 0 || len(body)%size != 0 {
		return nil, errPassword
	}
	out := make([]byte, len(body))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, body)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > size {
		return nil, errPassword
	}
	for _, c := range out[len(out)-pad:] {
		if int(c) != pad {
			return nil, errPassword
		}
	}
	return out[:len(out)-pad], nil
}
