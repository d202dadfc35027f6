package tlsconf

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// When responses are asked for again, as in nginx: at most an hour after the
// last, five minutes before it ends, and five minutes after a failure.
const (
	maxStapleAge  = time.Hour
	stapleMargin  = 5 * time.Minute
	ocspTimeout   = 60 * time.Second
	maxOCSPAnswer = 64 << 10
)

// LoadStaple reads ssl_stapling_file, an OCSP response in DER.
func LoadStaple(read ReadFile, name string) ([]byte, error) {
	data, queue, err := read.pem(name, "rb")
	if err != nil {
		return nil, &Error{Op: `BIO_new_file("` + name + `") failed`, Queue: queue, Cause: err}
	}
	if _, err := ocsp.ParseResponse(data, nil); err != nil {
		var status ocsp.ResponseError
		if errors.As(err, &status) {
			return data, nil // a response, if not a helpful one
		}
		failed := &Error{Op: `d2i_OCSP_RESPONSE_bio("` + name + `") failed`, Cause: err}
		if len(data) > 0 {
			failed.Queue = []string{errNotEnough}
		}
		return nil, failed
	}
	return data, nil
}

// StaplerOptions are what a Stapler needs to know.
type StaplerOptions struct {
	// Name is the certificate's, for messages.
	Name string
	// Certificate is the chain to get responses for; Trusted are further
	// certificates among which its issuer may be (ssl_trusted_certificate).
	Certificate *tls.Certificate
	Trusted     []*x509.Certificate
	// Responder overrides the responder of the certificate
	// (ssl_stapling_responder).
	Responder string
	// Verify is ssl_stapling_verify: a response must be signed by the issuer, or by
	// a responder it certified.
	Verify bool
	// Fetch asks a responder: it sends a DER request to an http URL and returns
	// the DER response. OCSPClient.Fetch is one.
	Fetch func(ctx context.Context, responder *url.URL, request []byte) ([]byte, error)
	// Log takes messages of level error; nil drops them.
	Log func(text string)
	// Now tells the time; nil is time.Now.
	Now func() time.Time
}

// A Stapler keeps a current OCSP response for one certificate. The first client
// that could use one starts a fetch in the background and goes without.
type Stapler struct {
	StaplerOptions
	issuer    *x509.Certificate
	responder *url.URL
	request   []byte
	current   atomic.Pointer[staple]

	mu      sync.Mutex
	refresh time.Time
	loading bool
	closed  bool
	ctx     context.Context
	cancel  context.CancelFunc
	fetches sync.WaitGroup
}

// A staple is a certificate with its response.
type staple struct {
	cert  tls.Certificate
	valid time.Time
}

// FixedStapler returns a Stapler that always has the response of
// ssl_stapling_file.
func FixedStapler(cert *tls.Certificate, response []byte) *Stapler {
	s := &Stapler{closed: true}
	s.current.Store(withStaple(cert, response, time.Unix(1<<40, 0)))
	return s
}

// NewStapler returns a Stapler. An error is a warning in nginx's words, after
// which the certificate goes without stapling: `"ssl_stapling" ignored, …`.
func NewStapler(opt StaplerOptions) (*Stapler, error) {
	ignored := func(why string) (*Stapler, error) {
		return nil, errors.New(`"ssl_stapling" ignored, ` + why)
	}
	s := &Stapler{StaplerOptions: opt}
	if s.Log == nil {
		s.Log = func(string) {}
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	leaf := opt.Certificate.Leaf
	if s.issuer = findIssuer(opt.Certificate, opt.Trusted); s.issuer == nil {
		return ignored(`issuer certificate not found for certificate "` + opt.Name + `"`)
	}
	responder := opt.Responder
	if responder == "" {
		if len(leaf.OCSPServer) == 0 || leaf.OCSPServer[0] == "" {
			return ignored(`no OCSP responder URL in the certificate "` + opt.Name + `"`)
		}
		responder = leaf.OCSPServer[0]
	}
	where := ` in OCSP responder "` + responder + `" in the certificate "` + opt.Name + `"`
	if !strings.HasPrefix(lower(responder), "http://") {
		return ignored("invalid URL prefix" + where)
	}
	var err error
	if s.responder, err = url.Parse(responder); err != nil {
		return ignored("invalid host" + where)
	}
	if s.responder.Hostname() == "" {
		return ignored("no host" + where)
	}
	if s.request, err = ocsp.CreateRequest(leaf, s.issuer, nil); err != nil {
		return ignored(err.Error() + where)
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Close ends a fetch under way and waits for it. The response at hand stays.
func (s *Stapler) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
	}
	s.fetches.Wait()
}

// certificate returns plain with its current response, or as it is, and starts a
// fetch when one is due.
func (s *Stapler) certificate(plain *tls.Certificate) *tls.Certificate {
	current := s.current.Load()
	if s.Now == nil {
		return &current.cert
	}
	now := s.Now()
	s.mu.Lock()
	if !s.closed && !s.loading && !now.Before(s.refresh) {
		s.loading = true
		s.fetches.Go(s.update)
	}
	s.mu.Unlock()
	if current == nil || now.After(current.valid) {
		return plain
	}
	return &current.cert
}

// update fetches a response and sets when to do it again.
func (s *Stapler) update() {
	defer func() {
		if p := recover(); p != nil { // no more is fetched, since loading stays
			s.Log(errlog.Panic(p))
		}
	}()
	next, err := s.fetch()
	now := s.Now()
	refresh := now.Add(stapleMargin)
	if err != nil {
		s.Log(err.Error() + " while requesting certificate status, responder: " + s.responder.Hostname() +
			`, certificate: "` + s.Name + `"`)
	} else {
		s.current.Store(next)
		if soon := earlier(next.valid.Add(-stapleMargin), now.Add(maxStapleAge)); soon.After(refresh) {
			refresh = soon
		}
	}
	s.mu.Lock()
	s.loading, s.refresh = false, refresh
	s.mu.Unlock()
}

// fetch asks the responder and checks what it says: only "good" is stapled.
func (s *Stapler) fetch() (*staple, error) {
	ctx, cancel := context.WithTimeout(s.ctx, ocspTimeout)
	defer cancel()
	der, err := s.Fetch(ctx, s.responder, s.request)
	if err != nil {
		return nil, err
	}
	response, err := s.parse(der)
	var failed ocsp.ResponseError
	switch {
	case errors.As(err, &failed):
		return nil, fmt.Errorf("OCSP response not successful (%d: %s)", int(failed.Status), statusText(failed.Status))
	case err != nil:
		return nil, fmt.Errorf("OCSP_basic_verify() failed: %w", err)
	case response.Status == ocsp.Revoked:
		return nil, errors.New(`certificate status "revoked" in the OCSP response`)
	case response.Status != ocsp.Good:
		return nil, errors.New(`certificate status "unknown" in the OCSP response`)
	}
	valid := time.Unix(1<<40, 0)
	if !response.NextUpdate.IsZero() {
		valid = response.NextUpdate
	}
	if now := s.Now(); now.After(valid) || now.Before(response.ThisUpdate.Add(-stapleMargin)) {
		return nil, errors.New("OCSP_check_validity() failed")
	}
	return withStaple(s.Certificate, der, valid), nil
}

// parse reads a response and checks its signature. Without Verify the signer that the
// response names is accepted, as in nginx.
func (s *Stapler) parse(der []byte) (*ocsp.Response, error) {
	if s.Verify {
		return ocsp.ParseResponseForCert(der, s.Certificate.Leaf, s.issuer)
	}
	response, err := ocsp.ParseResponseForCert(der, s.Certificate.Leaf, nil)
	if err == nil && response.Certificate == nil {
		err = response.CheckSignatureFrom(s.issuer)
	}
	return response, err
}

// withStaple returns cert with a response.
func withStaple(cert *tls.Certificate, response []byte, valid time.Time) *staple {
	st := &staple{cert: *cert, valid: valid}
	st.cert.OCSPStaple = response
	return st
}

// findIssuer looks for the issuer of a certificate in its chain, then among
// trusted ones.
func findIssuer(cert *tls.Certificate, trusted []*x509.Certificate) *x509.Certificate {
	for _, der := range cert.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil && likelyIssued(c, cert.Leaf) {
			return c
		}
	}
	for _, c := range trusted {
		if likelyIssued(c, cert.Leaf) {
			return c
		}
	}
	return nil
}

// statusText is OpenSSL's word for the status of a response.
func statusText(s ocsp.ResponseStatus) string {
	switch s {
	case ocsp.Malformed:
		return "malformedrequest"
	case ocsp.InternalError:
		return "internalerror"
	case ocsp.TryLater:
		return "trylater"
	case ocsp.SignatureRequired:
		return "sigrequired"
	case ocsp.Unauthorized:
		return "unauthorized"
	}
	return "(UNKNOWN)"
}

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
