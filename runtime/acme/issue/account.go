package issue

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	api "github.com/mholt/acmez/v3/acme"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/product"
)

// ca is the CA of an issuer, with the account there. It is safe for concurrent use.
type ca struct {
	issuer *acme.Issuer
	store  *store
	table  *acme.Table
	log    logger
	http   *http.Client
	api    atomic.Pointer[session]

	turn    chan struct{} // holds a value while no goroutine uses what follows
	account api.Account
	refused error // by the CA, until another configuration is applied
}

// The pace of questions about an order under way.
const (
	pollEvery = time.Second
	pollLimit = 3 * time.Minute
)

func newCA(i *acme.Issuer, s *store, t *acme.Table, rt http.RoundTripper, log logger) *ca {
	c := &ca{issuer: i, store: s, table: t, log: log, turn: make(chan struct{}, 1)}
	c.turn <- struct{}{}
	c.http = client(rt, i.URI)
	return c
}

// session is a client of ACME with what it knows of the CA.
type session struct {
	*api.Client
	since time.Time
}

// sessionLife is how long the directory of a CA is used that was read once.
const sessionLife = 12 * time.Hour

// client returns the client to ask with. One that goes on with an order may be another one than it began with.
func (c *ca) client() *api.Client {
	s := c.api.Load()
	if s == nil || wall().Sub(s.since) > sessionLife {
		s = &session{&api.Client{
			Directory: c.issuer.URI, HTTPClient: c.http, UserAgent: product.Name, PollInterval: pollEvery, PollTimeout: pollLimit,
		}, wall()}
		c.api.Store(s)
	}
	return s.Client
}

// again makes a refused account be asked for once more.
func (c *ca) again() {
	<-c.turn
	c.refused = nil
	c.turn <- struct{}{}
}

// signIn returns the account, which it makes where there is none.
func (c *ca) signIn(ctx context.Context) (api.Account, error) {
	select {
	case <-c.turn:
	case <-ctx.Done():
		return api.Account{}, ctx.Err()
	}
	defer func() { c.turn <- struct{}{} }()
	if c.refused != nil || c.account.Status == api.StatusValid {
		return c.account, c.refused
	}
	account, err := c.findAccount(ctx)
	if err != nil {
		err = fmt.Errorf("account request failed (%w)", err)
		if badAccount(err) {
			c.refused = permanent{err}
			err = c.refused
		}
		return account, err
	}
	c.account = account
	return account, nil
}

// findAccount asks the CA for the account of the key, and makes one where it knows none.
func (c *ca) findAccount(ctx context.Context) (api.Account, error) {
	key, err := c.store.accountKey(c.issuer.AccountKey)
	if err != nil {
		return api.Account{}, fmt.Errorf("cannot load account key: %w", err)
	}
	account := api.Account{Contact: c.issuer.Contacts, TermsOfServiceAgreed: c.issuer.AgreeTerms, PrivateKey: key}
	if c.store.accountURL() != "" {
		found, err := c.client().GetAccount(ctx, api.Account{PrivateKey: key})
		if err == nil {
			return c.checked(found)
		}
		var p api.Problem
		if !errors.As(err, &p) || p.Type != api.ProblemTypeAccountDoesNotExist {
			return account, err
		}
	}
	dir, err := c.client().GetDirectory(ctx)
	if err != nil {
		return account, err
	}
	if err := c.bind(ctx, &account, dir); err != nil {
		return account, err
	}
	made, err := c.client().NewAccount(ctx, account)
	if err != nil {
		if dir.Meta != nil && dir.Meta.TermsOfService != "" && !c.issuer.AgreeTerms {
			err = fmt.Errorf("%w; the terms of service are at %s", err, dir.Meta.TermsOfService)
		}
		return made, err
	}
	made, err = c.checked(made)
	if err == nil {
		c.log(errlog.Info, `account "%s" is registered`, made.Location)
		if err := c.store.setAccountURL(made.Location); err != nil {
			c.log(errlog.Warn, "%s while writing the state folder", err.Error())
		}
	}
	return made, err
}

var (
	errExternalAccount = errors.New("external account key required")
	errAccountURL      = errors.New("no account URL in response")
)

// checked checks an account as the CA has returned it.
func (c *ca) checked(a api.Account) (api.Account, error) {
	switch {
	case a.Status != api.StatusValid:
		return a, fmt.Errorf("%w: %q", errStatus, a.Status)
	case a.Location == "":
		return a, errAccountURL
	}
	return a, nil
}

// bind adds what external_account_key says (RFC 8555, 7.3.4).
func (c *ca) bind(ctx context.Context, a *api.Account, dir api.Directory) error {
	eab := c.issuer.EAB
	if eab == nil {
		if dir.Meta != nil && dir.Meta.ExternalAccountRequired {
			return errExternalAccount
		}
		return nil
	}
	key, err := eab.Key(readFile)
	if err != nil {
		return err
	}
	return a.SetExternalAccountBinding(ctx, c.client(), api.EAB{KeyID: eab.ID, MACKey: base64.RawURLEncoding.EncodeToString(key)})
}

// permanent is an error that only another configuration removes.
type permanent struct{ error }

// Unwrap returns the error itself.
func (p permanent) Unwrap() error { return p.error }

// errStatus is a state in which a thing cannot be used.
var errStatus = errors.New("unexpected status")

// badAccount reports whether only another configuration makes the account work.
func badAccount(err error) bool {
	if errors.Is(err, errExternalAccount) {
		return true
	}
	return problemIn(err, "badPublicKey", "badSignatureAlgorithm", "externalAccountRequired", "invalidContact", "malformed",
		"unauthorized", "unsupportedContact", "userActionRequired")
}

// badOrder reports whether only another configuration makes the order succeed.
func badOrder(err error) bool {
	return errors.Is(err, errNoProfile) || errors.Is(err, errNoChallenge) ||
		problemIn(err, "badCSR", "caa", "invalidProfile", "malformed", "rejectedIdentifier", "unsupportedIdentifier")
}

// badReplaces reports whether an order may succeed when it does not name what it replaces.
func badReplaces(err error) bool {
	var p api.Problem
	return errors.As(err, &p) && !problemIn(err, "badNonce", "caa", "invalidProfile", "rateLimited", "rejectedIdentifier",
		"unsupportedIdentifier", "userActionRequired")
}

// problemIn reports whether a CA has answered with one of these errors (RFC 8555, 6.7).
func problemIn(err error, types ...string) bool {
	var p api.Problem
	if !errors.As(err, &p) {
		return false
	}
	name, ok := strings.CutPrefix(p.Type, api.ProblemTypeNamespace)
	for _, t := range types {
		if ok && name == t {
			return true
		}
	}
	return false
}
