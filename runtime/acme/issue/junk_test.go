package issue

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluiceproxy/sluice/runtime/acme"
)

// TestJunk: what is no response ends the attempt, whatever its size.
func TestJunk(t *testing.T) {
	text := func(kind, text string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write([]byte(text))
		}
	}
	for name, tc := range map[string]struct {
		path string
		junk func(http.ResponseWriter)
		want string
	}{
		"large directory": {"dir", text("application/json", strings.Repeat(" ", 2<<20)), "the response is too large"},
		"no directory":    {"dir", text("text/html", "<html>"), "next attempt"},
		"empty directory": {"dir", text("application/json", "{}"), "required directory fields are missing"},
		"escapes": {"dir", func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte("\x1b[31m\n\xff"))
		}, "HTTP 400:  [31m"},
		"no TLS": {"dir", text("application/json",
			`{"newNonce":"http://ca.test/nonce","newOrder":"http://ca.test/order","newAccount":"http://ca.test/account"}`), errScheme.Error()},
		"account":        {"account", text("application/json", `{"status":"valid"}`), "no account URL in response"},
		"account status": {"account", text("application/json", `{"status":"revoked"}`), `unexpected status: "revoked"`},
		"order":          {"neworder", text("application/json", `[]`), "JSON"},
		"many names":     {"neworder", text("application/json", `{"authorizations":["`+strings.Repeat(`x","`, 1000)+`y"]}`), errJunk.Error()},
		"token":          {"authz", text("application/json", `{"status":"pending","challenges":[{"type":"http-01","token":"../a"}]}`), errJunk.Error()},
		"other name": {"authz", text("application/json",
			`{"status":"pending","identifier":{"type":"dns","value":"b.test"},"challenges":[{"type":"http-01","token":"a"}]}`), errJunk.Error()},
		"no token":          {"authz", text("application/json", `{"status":"pending","challenges":[{"type":"http-01"}]}`), errJunk.Error()},
		"other challenge":   {"authz", text("application/json", `{"status":"pending","challenges":[{"type":"dns-01","token":"a"}]}`), "no supported challenges"},
		"authorization":     {"authz", text("application/json", `{"status":"deactivated"}`), `unexpected status: "deactivated"`},
		"chain":             {"cert", text("application/pem-certificate-chain", "junk"), "no certificate in the completed order"},
		"key in chain":      {"cert", text("application/pem-certificate-chain", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), errJunk.Error()},
		"certificate":       {"cert", text("application/pem-certificate-chain", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "next attempt"},
		"large certificate": {"cert", text("application/pem-certificate-chain", strings.Repeat("a", 3<<20)), "the response is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *fakeCA, dir string) {
				c.junk[tc.path] = tc.junk
				x := newMachine(t, c)
				defer x.Close()
				p := c.plan(t, dir, "a.test")
				x.begin(t, p)
				time.Sleep(30 * time.Second)
				synctest.Wait()
				if x.issued(p, 0) != nil || !strings.Contains(x.String(), tc.want) {
					t.Errorf("log %q, want %q", x.String(), tc.want)
				}
			})
		})
	}
}

// TestWrongCertificate: a certificate for other names or another key is not served.
func TestWrongCertificate(t *testing.T) {
	bubble(t, func(t *testing.T, c *fakeCA, dir string) {
		x := newMachine(t, c)
		defer x.Close()
		p := c.plan(t, dir, "a.test")
		x.begin(t, p)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		other := c.orders[0].chain
		c.junk["cert"] = func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/pem-certificate-chain")
			_, _ = w.Write(other)
		}
		q := c.plan(t, dir, "b.test")
		x.begin(t, q)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if x.issued(q, 0) != nil || !strings.Contains(x.String(), "the certificate is unusable") {
			t.Errorf("log %s", x.String())
		}
	})
}

// slow is a CA whose responses come a byte in ten seconds.
type slow struct{ *fakeCA }

// RoundTrip implements http.RoundTripper.
func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.fakeCA.RoundTrip(r)
	if err == nil {
		resp.Body = &drip{resp.Body, r.Context()}
	}
	return resp, err
}

type drip struct {
	io.ReadCloser
	ctx context.Context
}

// Read implements io.Reader.
func (d *drip) Read(p []byte) (int, error) {
	if !sleep(d.ctx, 10*time.Second) {
		return 0, d.ctx.Err()
	}
	return d.ReadCloser.Read(p[:1])
}

// TestSlow: a response that does not end ends the attempt.
func TestSlow(t *testing.T) {
	bubble(t, func(t *testing.T, c *fakeCA, dir string) {
		x := newMachine(t, c)
		defer x.Close()
		x.Connect = func(*acme.Issuer) (http.RoundTripper, func(), error) { return slow{c}, func() {}, nil }
		x.begin(t, c.plan(t, dir, "a.test"))
		time.Sleep(requestTime + 5*time.Second)
		synctest.Wait()
		if log := x.String(); !strings.Contains(log, "next attempt in") {
			t.Errorf("log %q", log)
		}
	})
}
