package tlsconf

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"time"
)

// A Verifier checks a peer's certificate chain as OpenSSL does for nginx, whose
// verify callback lets every handshake go on: the outcome is a code, and the
// code is that of the last problem found. Use it after a handshake with
// tls.RequestClientCert (or InsecureSkipVerify towards upstreams) on
// tls.ConnectionState.PeerCertificates. It is immutable and safe for concurrent
// use.
type Verifier struct {
	trusted map[string][]*x509.Certificate // by RawSubject
	anchors *x509.CertPool                 // the same, for the cross-check
	crls    map[string][]*crl              // by RawIssuer; nil: no CRL check
	depth   int
	usage   x509.ExtKeyUsage
}

// VerifyOptions are what a Verifier checks against.
type VerifyOptions struct {
	// Trusted are the authorities of ssl_client_certificate and
	// ssl_trusted_certificate (proxy_ssl_trusted_certificate). Only a chain that
	// ends in a self-signed one of them is good.
	Trusted []*x509.Certificate
	// CRLs are the lists of ssl_crl. With any, every certificate of a chain,
	// its root included, must be covered by one.
	CRLs []*x509.RevocationList
	// Depth is ssl_verify_depth: how many intermediate certificates a chain may
	// have.
	Depth int
	// Usage is what the peer's certificate must be good for:
	// x509.ExtKeyUsageClientAuth on servers, ExtKeyUsageServerAuth towards
	// upstreams.
	Usage x509.ExtKeyUsage
}

// NewVerifier returns a Verifier for opt.
func NewVerifier(opt VerifyOptions) *Verifier {
	v := &Verifier{
		trusted: map[string][]*x509.Certificate{},
		anchors: x509.NewCertPool(),
		depth:   opt.Depth,
		usage:   opt.Usage,
	}
	for _, cert := range opt.Trusted {
		subject := string(cert.RawSubject)
		if !slices.ContainsFunc(v.trusted[subject], cert.Equal) {
			v.trusted[subject] = append(v.trusted[subject], cert)
			v.anchors.AddCert(cert)
		}
	}
	if len(opt.CRLs) > 0 {
		v.crls = indexCRLs(opt.CRLs)
	}
	return v
}

// Verify checks the chain a peer sent, its own certificate first, at a time. A
// peer without a certificate is VerifyOK; see VerifyCode.ClientVerify.
func (v *Verifier) Verify(peer []*x509.Certificate, now time.Time) VerifyCode {
	if len(peer) == 0 {
		return VerifyOK
	}
	c := &chain{Verifier: v, now: now}
	c.build(peer)
	c.checkExtensions()
	c.checkRevocation()
	c.checkSignatures()
	if c.code != VerifyOK {
		return c.code
	}
	return c.crossCheck(peer)
}

// A chain is the state of one verification.
type chain struct {
	*Verifier
	now   time.Time
	certs []*x509.Certificate // the peer's certificate first
	code  VerifyCode          // of the last problem
}

// build finds the issuers of the peer's certificate: at each step in the trust
// store first, then among what the peer sent; once one came from the store,
// only there.
func (c *chain) build(peer []*x509.Certificate) {
	c.certs = append(c.certs, peer[0])
	fromPeer, untrusted := true, 1
	for {
		last := c.certs[len(c.certs)-1]
		if len(c.certs) <= c.depth+1 {
			issuer := c.pick(c.trusted[string(last.RawIssuer)], last, nil)
			switch {
			case issuer == nil:
			case selfSigned(last):
				// Only the very certificate will do, not one with its names.
				if slices.ContainsFunc(c.trusted[string(last.RawSubject)], last.Equal) {
					return
				}
			default:
				c.certs = append(c.certs, issuer)
				fromPeer = false
				if selfSigned(issuer) {
					return
				}
				continue
			}
		}
		var issuer *x509.Certificate
		if fromPeer && !selfSigned(last) && len(c.certs) <= c.depth+1 {
			issuer = c.pick(peer[1:], last, c.certs)
		}
		if issuer == nil {
			break
		}
		c.certs = append(c.certs, issuer)
		untrusted++
	}
	c.untrustedEnd(untrusted)
}

// untrustedEnd records why the chain does not end in a trusted root.
func (c *chain) untrustedEnd(untrusted int) {
	n := len(c.certs)
	switch {
	case !selfSigned(c.certs[n-1]) && untrusted < n:
		c.code = VerifyNoIssuer
	case !selfSigned(c.certs[n-1]):
		c.code = VerifyNoLocalIssuer
	case n == 1:
		c.code = VerifySelfSigned
	default:
		c.code = VerifySelfSignedInChain
	}
}

// pick returns the issuer of cert among candidates, one valid now if there is a
// choice. Those in exclude are not considered.
func (c *chain) pick(candidates []*x509.Certificate, cert *x509.Certificate, exclude []*x509.Certificate) *x509.Certificate {
	var best *x509.Certificate
	for _, issuer := range candidates {
		if !likelyIssued(issuer, cert) || slices.ContainsFunc(exclude, issuer.Equal) {
			continue
		}
		if timeCode(issuer, c.now) == VerifyOK {
			return issuer
		}
		if best == nil {
			best = issuer
		}
	}
	return best
}

// likelyIssued reports whether the names and key identifiers of issuer are those
// cert gives for its issuer.
func likelyIssued(issuer, cert *x509.Certificate) bool {
	return bytes.Equal(issuer.RawSubject, cert.RawIssuer) &&
		(len(cert.AuthorityKeyId) == 0 || len(issuer.SubjectKeyId) == 0 ||
			bytes.Equal(cert.AuthorityKeyId, issuer.SubjectKeyId))
}

// selfSigned reports whether cert names itself as its issuer.
func selfSigned(cert *x509.Certificate) bool { return likelyIssued(cert, cert) }

// checkExtensions checks what each certificate of the chain may be used for.
func (c *chain) checkExtensions() {
	pathLen := 0
	for i, cert := range c.certs {
		if len(cert.UnhandledCriticalExtensions) > 0 {
			c.code = VerifyCriticalExtension
		}
		if i > 0 && !isCA(cert) {
			c.code = VerifyInvalidCA
		}
		if !c.suits(cert, i > 0) {
			c.code = VerifyPurpose
		}
		if limit := cert.MaxPathLen; i > 1 && cert.BasicConstraintsValid &&
			(limit > 0 || limit == 0 && cert.MaxPathLenZero) && pathLen > limit {
			c.code = VerifyPathLength
		}
		if i == 0 || !bytes.Equal(cert.RawSubject, cert.RawIssuer) {
			pathLen++
		}
	}
}

// isCA reports whether cert may issue others: by its basic constraints, or for
// its age (version 1 roots), or for a key usage that says so.
func isCA(cert *x509.Certificate) bool {
	if cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0 {
		return false
	}
	if cert.BasicConstraintsValid {
		return cert.IsCA
	}
	return cert.Version < 3 && selfSigned(cert) || cert.KeyUsage&x509.KeyUsageCertSign != 0
}

// suits reports whether the key usages of cert allow what it is used for.
func (c *chain) suits(cert *x509.Certificate, ca bool) bool {
	if len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) > 0 && !slices.Contains(cert.ExtKeyUsage, c.usage) {
		return false
	}
	if ca {
		return isCA(cert)
	}
	allowed := x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement
	if c.usage == x509.ExtKeyUsageServerAuth {
		allowed |= x509.KeyUsageKeyEncipherment
	}
	return cert.KeyUsage == 0 || cert.KeyUsage&allowed != 0
}

// checkSignatures checks signatures and validity from the root down.
func (c *chain) checkSignatures() {
	n := len(c.certs) - 1
	issuer := c.certs[n]
	if !selfSigned(issuer) {
		if n == 0 {
			c.code = VerifyNoLeafSignature
			c.checkTime(issuer)
			return
		}
		n--
	}
	for ; n >= 0; n-- {
		cert := c.certs[n]
		if cert != issuer {
			if issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCertSign == 0 {
				c.code = VerifyNoCertSign
			}
			c.checkSignature(cert, issuer)
		}
		c.checkTime(cert)
		issuer = cert
	}
}

// checkSignature checks that issuer's key signed cert.
func (c *chain) checkSignature(cert, issuer *x509.Certificate) {
	err := issuer.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature)
	var insecure x509.InsecureAlgorithmError
	switch {
	case errors.As(err, &insecure):
		c.code = VerifyDigestTooWeak
	case err != nil:
		c.code = VerifyBadSignature
	}
}

// checkTime records a certificate that is not valid now.
func (c *chain) checkTime(cert *x509.Certificate) {
	if code := timeCode(cert, c.now); code != VerifyOK {
		c.code = code
	}
}

// timeCode says whether cert is valid at a time.
func timeCode(cert *x509.Certificate, now time.Time) VerifyCode {
	switch {
	case now.Before(cert.NotBefore):
		return VerifyNotYetValid
	case now.After(cert.NotAfter):
		return VerifyExpired
	}
	return VerifyOK
}

// crossCheck asks crypto/x509 about a chain found good: it knows name
// constraints, and a peer is let in only if both agree.
func (c *chain) crossCheck(peer []*x509.Certificate) VerifyCode {
	between := x509.NewCertPool()
	for _, cert := range peer[1:] {
		between.AddCert(cert)
	}
	_, err := peer[0].Verify(x509.VerifyOptions{
		Roots: c.anchors, Intermediates: between, CurrentTime: c.now, KeyUsages: []x509.ExtKeyUsage{c.usage},
	})
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return VerifyOK
	case errors.As(err, &invalid) && invalid.Reason == x509.CANotAuthorizedForThisName:
		return VerifyPermittedViolation
	}
	return VerifyRejected
}
