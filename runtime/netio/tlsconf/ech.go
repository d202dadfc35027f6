package tlsconf

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
)

var errECH = errors.New("a private key and a list of ECH configurations are wanted")

// LoadECH reads a file of ssl_ech_file: a private key and the list of Encrypted
// Client Hello configurations it belongs to (RFC 9849, PEM as in RFC 9934).
// retry says that clients with an outdated configuration receive these. A file
// without a key has no effect. The error is an *Error.
func LoadECH(read ReadFile, name string, retry bool) ([]tls.EncryptedClientHelloKey, error) {
	data, queue, err := read.pem(name, "r")
	if err != nil {
		return nil, &Error{Op: `BIO_new_file("` + name + `") failed`, Queue: queue, Cause: err}
	}
	keys, err := parseECH(data, retry)
	if err != nil {
		return nil, &Error{Op: "OSSL_ECHSTORE_read_pem(" + name + ") failed", Cause: err}
	}
	return keys, nil
}

func parseECH(data []byte, retry bool) ([]tls.EncryptedClientHelloKey, error) {
	var key []byte
	var configs [][]byte
	for {
		block, rest, ok, err := nextPEM(data)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		data = rest
		switch block.label {
		case "PRIVATE KEY":
			if key, err = echKey(block.der); err != nil {
				return nil, err
			}
		case "ECHCONFIG":
			if configs, err = splitECH(block.der); err != nil {
				return nil, err
			}
		}
	}
	if configs == nil {
		return nil, errECH
	}
	if key == nil {
		return nil, nil
	}
	keys := make([]tls.EncryptedClientHelloKey, len(configs))
	for i, c := range configs {
		keys[i] = tls.EncryptedClientHelloKey{Config: c, PrivateKey: key, SendAsRetry: retry}
	}
	return keys, nil
}

// echKey returns the key of a PKCS #8 block in the form of HPKE.
func echKey(der []byte) ([]byte, error) {
	k, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	switch k := k.(type) {
	case *ecdh.PrivateKey: // X25519
		return k.Bytes(), nil
	case *ecdsa.PrivateKey:
		e, err := k.ECDH()
		if err != nil {
			return nil, err
		}
		return e.Bytes(), nil
	}
	return nil, errECH
}

// splitECH splits an ECHConfigList (RFC 9849, 4) into its configurations.
func splitECH(list []byte) (configs [][]byte, err error) {
	if len(list) < 2 || int(binary.BigEndian.Uint16(list)) != len(list)-2 {
		return nil, errECH
	}
	for list = list[2:]; len(list) > 0; {
		const header = 4 // version and length
		if len(list) < header {
			return nil, errECH
		}
		n := header + int(binary.BigEndian.Uint16(list[2:]))
		if n > len(list) {
			return nil, errECH
		}
		configs, list = append(configs, list[:n:n]), list[n:]
	}
	return configs, nil
}
