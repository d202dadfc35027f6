package ssl_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// echConfig is an ECHConfigList of one configuration (RFC 9849, 4) for X25519.
func echConfig(public []byte, id byte, name string) []byte {
	body := []byte{id}
	body = append(body, 0, 0x20) // DHKEM(X25519, HKDF-SHA256)
	body = binary.BigEndian.AppendUint16(body, uint16(len(public)))
	body = append(body, public...)
	body = append(body, 0, 4, 0, 1, 0, 1) // HKDF-SHA256, AES-128-GCM
	body = append(body, 0)                // no limit to the length of names
	body = append(append(body, byte(len(name))), name...)
	body = append(body, 0, 0) // no extensions
	config := binary.BigEndian.AppendUint16([]byte{0xfe, 0x0d}, uint16(len(body)))
	config = append(config, body...)
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(config))), config...)
}

// ech writes a file for ssl_ech_file and returns what clients need.
func (p *pki) ech(name string, id byte, withKey bool) []byte {
	p.t.Helper()
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	list := echConfig(key.PublicKey().Bytes(), id, "public.example")
	var text []byte
	if withKey {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			p.t.Fatal(err)
		}
		text = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "ECHCONFIG", Bytes: list})...)
	if err := os.WriteFile(filepath.Join(p.dir, name), text, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return list
}

func TestECH(t *testing.T) {
	p := newPKI(t)
	p.issue("public.example")
	p.issue("b")
	now, before, never := p.ech("now.ech", 1, true), p.ech("before.ech", 2, true), p.ech("public.ech", 3, false)
	roots := x509.NewCertPool()
	roots.AddCert(p.ca)
	s := start(t, strings.ReplaceAll("ssl_ech_file DIR/now.ech; ssl_ech_file DIR/before.ech; ssl_ech_file DIR/public.ech;\n"+
		"server ssl { server_name public.example; "+p.pair("public.example")+` location / { return 200 "$ssl_ech_status $ssl_server_name"; } }`+"\n"+
		"server ssl { server_name b; "+p.pair("b")+` location / { return 200 "$ssl_ech_status hidden $ssl_server_name"; } }`, "DIR", p.dir))
	for _, c := range []struct {
		name string
		list []byte
		want string
	}{
		{"none", nil, "NOT_TRIED hidden b"},
		{"current", now, "SUCCESS hidden b"},
		{"previous", before, "SUCCESS hidden b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := get(t, s, &tls.Config{ServerName: "b", RootCAs: roots, EncryptedClientHelloConfigList: c.list}, "/", "b")
			if _, body, _ := strings.Cut(got, "\r\n\r\n"); err != nil || body != c.want {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	t.Run("outdated", func(t *testing.T) {
		_, err := get(t, s, &tls.Config{ServerName: "b", RootCAs: roots, EncryptedClientHelloConfigList: never}, "/", "b")
		var rejected *tls.ECHRejectionError
		if !errors.As(err, &rejected) || string(rejected.RetryConfigList) != string(now) {
			t.Errorf("%v: %x", err, rejected)
		}
	})
}
