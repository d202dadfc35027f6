package acme

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// ALPNProtocol is the protocol in a handshake of tls-alpn-01 (RFC 8737, 6.2).
const ALPNProtocol = "acme-tls/1"

// AnswerHTTP adds the answer auth for a token of http-01. remove takes it back.
func (t *Table) AnswerHTTP(token, auth string) (remove func(), err error) {
	return t.answer(&challenge{Token: token, Auth: []byte(auth)})
}

// AnswerALPN adds the answer auth for a name of tls-alpn-01. remove takes it back.
func (t *Table) AnswerALPN(n Name, auth string) (remove func(), err error) {
	return t.answer(&challenge{Name: n, Auth: []byte(auth)})
}

func (t *Table) answer(c *challenge) (remove func(), err error) {
	if err = t.change(func(next *challenges) error { return next.add(c) }); err != nil {
		return nil, err
	}
	return func() {
		_ = t.change(func(next *challenges) error { // which does not fail
			if c.Hook != (Hook{}) {
				delete(next.hooks, c.Hook)
			} else if c.Token != "" {
				delete(next.http, c.Token)
			} else if next.alpn[c.Name.ServerName()] == c {
				delete(next.alpn, c.Name.ServerName())
			}
			return nil
		})
	}, nil
}

// change replaces the answers.
func (t *Table) change(fn func(next *challenges) error) error {
	t.mu.Lock()
	next, now := newChallenges(), t.challenges.Load()
	maps.Copy(next.http, now.http)
	maps.Copy(next.alpn, now.alpn)
	maps.Copy(next.hooks, now.hooks)
	err := fn(next)
	if err == nil {
		t.challenges.Store(next)
		t.changes.challenges++
		t.callHooks(next)
	}
	t.mu.Unlock()
	if err == nil {
		t.tell()
	}
	return err
}

func newChallenges() *challenges {
	return &challenges{http: map[string][]byte{}, alpn: map[string]*challenge{}, hooks: map[Hook]bool{}}
}

// add adds an answer.
func (c *challenges) add(one *challenge) (err error) {
	if one.Hook != (Hook{}) {
		c.hooks[one.Hook] = true
		return nil
	}
	if one.Token != "" {
		c.http[one.Token] = one.Auth
		return nil
	}
	if one.cert, err = one.certificate(); err == nil {
		c.alpn[one.Name.ServerName()] = one
	}
	return err
}

// certificate makes the one that answers a handshake of tls-alpn-01 (RFC 8737, 3).
func (c *challenge) certificate() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(c.Auth)
	value, err := asn1.Marshal(sum[:])
	if err != nil {
		return nil, err
	}
	// acmeIdentifier of RFC 8737, 6.1.
	id := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}
	return selfSigned([]Name{c.Name}, key, 24*time.Hour, pkix.Extension{Id: id, Critical: true, Value: value})
}

// errNoChallenge ends a handshake of tls-alpn-01 for which there is no answer.
var errNoChallenge = errors.New("acme/tls-alpn-01: no challenge registered for this name")

// ALPN returns the settings of a handshake that asks for the answer of tls-alpn-01, nil for
// any other. As in nginx every server with TLS answers.
func (t *Table) ALPN(hello *tls.ClientHelloInfo) *tls.Config {
	if !slices.Contains(hello.SupportedProtos, ALPNProtocol) {
		return nil
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{ALPNProtocol}, SessionTicketsDisabled: true,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if c := t.challenges.Load().alpn[strings.ToLower(hello.ServerName)]; c != nil {
				return c.cert, nil
			}
			return nil, errNoChallenge
		},
	}
}
