package tlsconf

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // old key files are encrypted with it
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // PBKDF2's default
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"hash"
)

// The structures of RFC 8018, appendix A.
type (
	encryptedKeyInfo struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2Params struct {
		KDF    pkix.AlgorithmIdentifier
		Cipher pkix.AlgorithmIdentifier
	}
	pbkdf2Params struct {
		Salt   []byte
		Rounds int
		KeyLen int                      `asn1:"optional"`
		PRF    pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

// maxRounds bounds the work a key file can ask for.
const maxRounds = 10_000_000

var errPBES2 = errors.New("unsupported key encryption")

// decryptPBES2 decrypts the body of an ENCRYPTED PRIVATE KEY: PBES2 with PBKDF2
// and AES or triple DES in CBC mode, what `openssl pkcs8 -topk8` writes.
func decryptPBES2(der, password []byte) ([]byte, error) {
	var info encryptedKeyInfo
	var params pbes2Params
	var kdf pbkdf2Params
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, err
	}
	if info.Algorithm.Algorithm.String() != "1.2.840.113549.1.5.13" {
		return nil, errPBES2
	}
	if _, err := asn1.Unmarshal(info.Algorithm.Parameters.FullBytes, &params); err != nil {
		return nil, err
	}
	if params.KDF.Algorithm.String() != "1.2.840.113549.1.5.12" {
		return nil, errPBES2
	}
	if _, err := asn1.Unmarshal(params.KDF.Parameters.FullBytes, &kdf); err != nil {
		return nil, err
	}
	prf := prfHash(kdf.PRF.Algorithm)
	newBlock, keyLen := cipherByOID(params.Cipher.Algorithm)
	if prf == nil || newBlock == nil || kdf.Rounds < 1 || kdf.Rounds > maxRounds {
		return nil, errPBES2
	}
	var iv []byte
	if _, err := asn1.Unmarshal(params.Cipher.Parameters.FullBytes, &iv); err != nil {
		return nil, err
	}
	key, err := pbkdf2.Key(prf, string(password), kdf.Salt, kdf.Rounds, keyLen)
	if err != nil {
		return nil, err
	}
	block, err := newBlock(key)
	if err != nil {
		return nil, err
	}
	return decryptCBC(block, iv, info.Data)
}

// prfHash returns the hash of PBKDF2's HMAC; the default is SHA-1.
func prfHash(oid asn1.ObjectIdentifier) func() hash.Hash {
	switch oid.String() {
	case "", "1.2.840.113549.2.7":
		return sha1.New
	case "1.2.840.113549.2.8":
		return sha256.New224
	case "1.2.840.113549.2.9":
		return sha256.New
	case "1.2.840.113549.2.10":
		return sha512.New384
	case "1.2.840.113549.2.11":
		return sha512.New
	}
	return nil
}

// cipherByOID returns a block cipher and the length of its key.
func cipherByOID(oid asn1.ObjectIdentifier) (newBlock func([]byte) (cipher.Block, error), keyLen int) {
	switch oid.String() {
	case "2.16.840.1.101.3.4.1.2":
		return aes.NewCipher, 16
	case "2.16.840.1.101.3.4.1.22":
		return aes.NewCipher, 24
	case "2.16.840.1.101.3.4.1.42":
		return aes.NewCipher, 32
	case "1.2.840.113549.3.7":
		return des.NewTripleDESCipher, 24
	}
	return nil, 0
}
