package issue

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	api "github.com/mholt/acmez/v3/acme"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// What one certificate may take, and what a CA may send.
const (
	obtainLimit  = 10 * time.Minute
	serveLimit   = 10 * time.Second
	hookLimit    = 5 * time.Minute // also for acme_hook, which may wait until a record is seen
	maxToken     = 512
	maxAuthz     = 200
	maxChainSize = 10
)

var (
	errNoChallenge = errors.New("no supported challenges")
	errNoProfile   = errors.New("the profile is not supported by the server")
	errJunk        = errors.New("the CA has sent what is no response to this")
)

// obtain asks for the certificate of an order. old is the one that it replaces, nil for none.
func (c *ca) obtain(ctx context.Context, o *acme.Order, old *acme.Certificate) (*acme.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, obtainLimit)
	defer cancel()
	account, err := c.signIn(ctx)
	if err != nil {
		return nil, err
	}
	order, err := c.newOrder(ctx, account, o, old)
	if err != nil {
		return nil, err
	}
	if len(order.Authorizations) > maxAuthz {
		return nil, errJunk
	}
	if err := c.authorize(ctx, account, o, order.Authorizations); err != nil {
		return nil, err
	}
	key, err := o.Key.Generate()
	if err != nil {
		return nil, err
	}
	csr, err := request(o, key, c.issuer.CommonName)
	if err != nil {
		return nil, fmt.Errorf("csr generation failed (%w)", err)
	}
	if order, err = c.client().FinalizeOrder(ctx, account, order, csr); err != nil {
		return nil, err
	}
	chains, err := c.client().GetCertificateChain(ctx, account, order.Certificate)
	if err != nil {
		return nil, err
	}
	return c.take(o, chains, key)
}

// newOrder makes the order at the CA.
func (c *ca) newOrder(ctx context.Context, account api.Account, o *acme.Order, old *acme.Certificate) (api.Order, error) {
	order := api.Order{}
	for _, n := range o.Names {
		kind := "dns"
		if n.IP {
			kind = "ip"
		}
		order.Identifiers = append(order.Identifiers, api.Identifier{Type: kind, Value: n.Value})
	}
	dir, err := c.client().GetDirectory(ctx)
	if err != nil {
		return order, err
	}
	if p := c.issuer.Profile; p.Name != "" {
		known := false
		if dir.Meta != nil {
			_, known = dir.Meta.Profiles[p.Name]
		}
		switch {
		case known:
			order.Profile = p.Name
		case p.Required:
			return order, errNoProfile
		default:
			c.log(errlog.Notice, `acme profile "%s" is not supported by the server`, p.Name)
		}
	}
	if old != nil && dir.RenewalInfo != "" {
		order.Replaces, _ = api.ARIUniqueIdentifier(old.TLS.Leaf) // else the CA is not told
	}
	made, err := c.client().NewOrder(ctx, account, order)
	if err != nil && order.Replaces != "" && badReplaces(err) {
		c.log(errlog.Info, `%s while replacing certificate; retrying without "replaces"`, clean(err))
		order.Replaces = ""
		made, err = c.client().NewOrder(ctx, account, order)
	}
	return made, err
}

// authorize proves that the names of an order are served here.
func (c *ca) authorize(ctx context.Context, account api.Account, o *acme.Order, urls []string) error {
	var pending []api.Authorization
	var challenges []api.Challenge
	var called []acme.Hook
	for _, url := range urls {
		a, err := c.client().GetAuthorization(ctx, account, url)
		if err != nil {
			return err
		}
		switch a.Status {
		case api.StatusValid:
			continue
		case api.StatusPending:
		default:
			return fmt.Errorf("authorization of %s: %w: %q", a.IdentifierValue(), errStatus, a.Status)
		}
		i := slices.IndexFunc(a.Challenges, func(ch api.Challenge) bool { return ch.Type == c.issuer.Challenge })
		if i < 0 {
			return errNoChallenge
		}
		if !ordered(o, &a) {
			return errJunk
		}
		remove, err := c.answer(a.Challenges[i])
		if err != nil {
			return err
		}
		defer remove()
		if c.issuer.Challenge == acme.DNS01 {
			called = append(called, c.hook(a.Challenges[i]))
		}
		pending, challenges = append(pending, a), append(challenges, a.Challenges[i])
	}
	if len(pending) == 0 {
		return nil
	}
	wait := serveLimit
	if called != nil {
		wait = hookLimit
	}
	served, cancel := context.WithTimeout(ctx, wait)
	err := c.table.Served(served, called)
	cancel()
	if err != nil {
		return err
	}
	for i := range challenges {
		if _, err := c.client().InitiateChallenge(ctx, account, challenges[i]); err != nil {
			return err
		}
	}
	for i := range pending {
		if _, err := c.client().PollAuthorization(ctx, account, pending[i]); err != nil {
			return fmt.Errorf("%s: %w", pending[i].IdentifierValue(), err)
		}
	}
	return nil
}

// ordered reports whether an authorization is about a name of the order. Nothing else is told to a hook or shown in a
// handshake.
func ordered(o *acme.Order, a *api.Authorization) bool {
	return slices.ContainsFunc(o.Names, func(n acme.Name) bool {
		value := strings.TrimPrefix(n.Value, "*.") // the CA names it without, and says that there is one
		return n.IP == (a.Identifier.Type == "ip") && strings.EqualFold(value, a.Identifier.Value)
	})
}

// answer has the answer to a challenge served until remove is called.
func (c *ca) answer(ch api.Challenge) (remove func(), err error) {
	if ch.Token == "" || len(ch.Token) > maxToken || slices.ContainsFunc([]byte(ch.Token), notToken) {
		return nil, errJunk
	}
	switch ch.Type {
	case acme.HTTP01:
		return c.table.AnswerHTTP(ch.Token, ch.KeyAuthorization)
	case acme.DNS01:
		return c.table.AnswerHook(c.hook(ch))
	}
	return c.table.AnswerALPN(acme.Name{Value: ch.Identifier.Value, IP: ch.Identifier.Type == "ip"}, ch.KeyAuthorization)
}

// hook is what acme_hook is told about a challenge.
func (c *ca) hook(ch api.Challenge) acme.Hook {
	return acme.Hook{
		Issuer: c.issuer.Name, Challenge: ch.Type, Domain: ch.Identifier.Value, Token: ch.Token, Auth: ch.DNS01KeyAuthorization(),
	}
}

// notToken reports whether a byte is none of base64url (RFC 8555, 8.1).
func notToken(b byte) bool {
	return (b|0x20 < 'a' || b|0x20 > 'z') && (b < '0' || b > '9') && b != '-' && b != '_'
}

// request makes the request for a certificate (RFC 2986).
func request(o *acme.Order, key crypto.Signer, commonName bool) ([]byte, error) {
	template := &x509.CertificateRequest{}
	for _, n := range o.Names {
		if n.IP {
			template.IPAddresses = append(template.IPAddresses, net.ParseIP(n.Value))
		} else {
			template.DNSNames = append(template.DNSNames, n.Value)
		}
	}
	if commonName {
		first := max(slices.IndexFunc(o.Names, func(n acme.Name) bool { return !n.IP }), 0)
		template.Subject = pkix.Name{CommonName: o.Names[first].Value}
	}
	return x509.CreateCertificateRequest(rand.Reader, template, key)
}

// take chooses among the chains that the CA offers, and checks what was chosen.
func (c *ca) take(o *acme.Order, chains []api.Certificate, key crypto.Signer) (*acme.Certificate, error) {
	if len(chains) == 0 {
		return nil, errJunk
	}
	chosen, err := parseChain(chains[0].ChainPEM)
	if err != nil {
		return nil, err
	}
	for _, other := range chains[1:] {
		if c.issuer.Chain == "" || topIssuer(chosen) == c.issuer.Chain {
			break
		}
		if list, err := parseChain(other.ChainPEM); err == nil && topIssuer(list) == c.issuer.Chain {
			chosen = list
		}
	}
	var text []byte
	for _, cert := range chosen {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})...)
	}
	keyText, err := acme.MarshalKey(key)
	if err != nil {
		return nil, err
	}
	cert, err := acme.Parse(text, keyText)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the certificate is unusable: %w", err)
	case !covers(cert, o):
		return nil, errors.New("the certificate is not for the names that were ordered")
	case time.Now().After(cert.TLS.Leaf.NotAfter):
		return nil, errors.New("the certificate has expired already")
	}
	cert.CA = c.issuer.URI
	return cert, nil
}

// parseChain reads the certificates of a chain, the first for the server itself.
func parseChain(text []byte) (list []*x509.Certificate, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" || len(list) == maxChainSize {
			return nil, errJunk
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, cert)
	}
	if len(list) == 0 {
		return nil, errors.New("no certificate in the completed order")
	}
	return list, nil
}

// topIssuer is the name of who has issued the last certificate of a chain.
func topIssuer(list []*x509.Certificate) string { return list[len(list)-1].Issuer.CommonName }
