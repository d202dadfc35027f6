package tlsconf

import (
	"crypto/x509"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// A crl is a revocation list made ready for look-ups.
type crl struct {
	*x509.RevocationList
	revoked map[string]struct{} // by serial number, big-endian bytes
}

// parseCRL is x509.ParseRevocationList, which reads version 2 only, for lists of
// version 1 as well: what `openssl ca -gencrl` makes by default.
func parseCRL(der []byte) (*x509.RevocationList, error) {
	list, err := x509.ParseRevocationList(der)
	if err == nil {
		return list, nil
	}
	input := cryptobyte.String(der)
	var whole, tbs, body cryptobyte.String
	if !input.ReadASN1(&whole, asn1.SEQUENCE) || !whole.ReadASN1Element(&tbs, asn1.SEQUENCE) {
		return nil, err
	}
	element := tbs
	if !element.ReadASN1(&body, asn1.SEQUENCE) || !body.PeekASN1Tag(asn1.SEQUENCE) {
		return nil, err
	}
	// The same list with a version in front; the signature is over the original.
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(1)
			b.AddBytes(body)
		})
		b.AddBytes(whole)
	})
	versioned, buildErr := b.Bytes()
	if buildErr != nil {
		return nil, err
	}
	if list, err = x509.ParseRevocationList(versioned); err != nil {
		return nil, err
	}
	list.Raw, list.RawTBSRevocationList = der, tbs
	return list, nil
}

// removeFromCRL is the reason code that takes an entry back.
const removeFromCRL = 8

// indexCRLs groups lists by issuer.
func indexCRLs(lists []*x509.RevocationList) map[string][]*crl {
	index := make(map[string][]*crl, len(lists))
	for _, list := range lists {
		c := &crl{list, make(map[string]struct{}, len(list.RevokedCertificateEntries))}
		for i := range list.RevokedCertificateEntries {
			entry := &list.RevokedCertificateEntries[i]
			if entry.ReasonCode != removeFromCRL {
				c.revoked[string(entry.SerialNumber.Bytes())] = struct{}{}
			}
		}
		index[string(list.RawIssuer)] = append(index[string(list.RawIssuer)], c)
	}
	return index
}

// checkRevocation looks every certificate of the chain up in the list of its
// issuer.
func (c *chain) checkRevocation() {
	if c.crls == nil {
		return
	}
	for i, cert := range c.certs {
		list := latest(c.crls[string(cert.RawIssuer)], c.now)
		if list == nil {
			c.code = VerifyNoCRL
			continue
		}
		issuer := cert
		if i+1 < len(c.certs) {
			issuer = c.certs[i+1]
		}
		c.checkCRL(list, issuer)
		if _, revoked := list.revoked[string(cert.SerialNumber.Bytes())]; revoked {
			c.code = VerifyRevoked
		}
	}
}

// checkCRL checks a list itself: its signer and whether it is current.
func (c *chain) checkCRL(list *crl, issuer *x509.Certificate) {
	if issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCRLSign == 0 {
		c.code = VerifyNoCRLSign
	}
	if c.now.Before(list.ThisUpdate) {
		c.code = VerifyCRLNotYetValid
	}
	if !list.NextUpdate.IsZero() && c.now.After(list.NextUpdate) {
		c.code = VerifyCRLExpired
	}
	if issuer.CheckSignature(list.SignatureAlgorithm, list.RawTBSRevocationList, list.Signature) != nil {
		c.code = VerifyCRLBadSignature
	}
}

// latest returns the list to use of an issuer's: a current one before others,
// the newest of those.
func latest(lists []*crl, now time.Time) *crl {
	var best *crl
	current := func(l *crl) bool {
		return !now.Before(l.ThisUpdate) && (l.NextUpdate.IsZero() || !now.After(l.NextUpdate))
	}
	for _, l := range lists {
		if best == nil || current(l) && !current(best) ||
			current(l) == current(best) && l.ThisUpdate.After(best.ThisUpdate) {
			best = l
		}
	}
	return best
}
