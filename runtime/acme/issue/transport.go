package issue

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/resolver"
)

// The bounds of one response of a CA.
const (
	maxBody      = 1 << 20
	maxHead      = 64 << 10
	requestTime  = time.Minute
	connectTime  = 15 * time.Second
	headTime     = 30 * time.Second
	idleTime     = 15 * time.Second
	maxRedirects = 10
	connections  = 4
)

var (
	errTooLarge  = errors.New("the response is too large")
	errRedirects = errors.New("too many redirects")
	errScheme    = errors.New("the CA names a URL without TLS")
	errRedirect  = errors.New("a request that is signed was redirected")
)

// network returns the connections to the CA of an issuer. release ends them.
func network(i *acme.Issuer) (rt http.RoundTripper, release func(), err error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !i.Verify} // ssl_verify off
	if len(i.Roots) > 0 {
		cfg.RootCAs = x509.NewCertPool()
		for _, der := range i.Roots {
			root, err := x509.ParseCertificate(der)
			if err != nil {
				return nil, nil, err
			}
			cfg.RootCAs.AddCert(root)
		}
	}
	dialer := &net.Dialer{Timeout: connectTime}
	t := &http.Transport{
		DialContext: dialer.DialContext, TLSClientConfig: cfg, TLSHandshakeTimeout: connectTime, DisableCompression: true,
		ResponseHeaderTimeout: headTime, MaxResponseHeaderBytes: maxHead, IdleConnTimeout: idleTime, MaxConnsPerHost: connections,
	}
	release = t.CloseIdleConnections
	if i.Resolver != nil {
		names := resolver.New(*i.Resolver)
		t.DialContext = dialNames(dialer, names, i.ResolverTimeout)
		release = func() {
			t.CloseIdleConnections()
			names.Close()
		}
	}
	return t, release, nil
}

// dialNames connects to hosts whose addresses the directive resolver finds.
func dialNames(d *net.Dialer, names *resolver.Resolver, limit time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil || net.ParseIP(host) != nil {
			return d.DialContext(ctx, network, address)
		}
		addrs, _, err := names.Resolve(nil, host, resolver.Wait{Timeout: limit, Cancel: ctx.Done()})
		if err != nil {
			return nil, err
		}
		for _, a := range addrs {
			conn, failed := d.DialContext(ctx, network, net.JoinHostPort(a.String(), port))
			if failed == nil {
				return conn, nil
			}
			err = failed
		}
		return nil, err
	}
}

// bounded is a RoundTripper whose responses have a limit, that notes when the CA wants to be asked
// again, see noteRetry, and that stays with HTTPS where the directory has it (RFC 8555, 6.1).
type bounded struct {
	http.RoundTripper
	secure bool
}

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.secure && r.URL.Scheme != "https" {
		return nil, errScheme
	}
	resp, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &limited{resp.Body, maxBody}
	if note, ok := r.Context().Value(retryKey{}).(*time.Duration); ok && resp.StatusCode >= 400 {
		*note = max(*note, retryAfter(resp.Header.Get("Retry-After"), time.Now()))
	}
	return resp, nil
}

// limited fails after left bytes.
type limited struct {
	io.ReadCloser
	left int
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLarge
	}
	n, err := l.ReadCloser.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

type retryKey struct{}

// noteRetry makes *d what the refusals of requests with the context say in Retry-After.
func noteRetry(ctx context.Context, d *time.Duration) context.Context {
	return context.WithValue(ctx, retryKey{}, d)
}

// maxRetryAfter bounds what a CA can say.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the field of that name (RFC 9110, 10.2.3), 0 where it says nothing.
func retryAfter(text string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.Atoi(text); err == nil {
		d = time.Duration(min(max(n, 0), int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// client is an HTTP client over rt for the CA whose directory is at uri.
func client(rt http.RoundTripper, uri string) *http.Client {
	return &http.Client{
		Transport: bounded{rt, strings.HasPrefix(uri, "https:")}, Timeout: requestTime,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			switch {
			case via[0].Method == http.MethodPost:
				return errRedirect
			case len(via) >= maxRedirects:
				return errRedirects
			}
			return nil
		},
	}
}
