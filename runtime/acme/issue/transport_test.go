package issue

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/acme"
)

// TestNetwork: the certificate of the CA is verified, redirects are followed for what is not signed, and a name that the
// resolver does not know is an error.
func TestNetwork(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
			return
		}
		_, _ = io.WriteString(w, "fine")
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	other := httptest.NewTLSServer(nil)
	defer other.Close()
	for _, tc := range []struct {
		name, method, path string
		issuer             acme.Issuer
		want               string
	}{
		{"trusted", "GET", "/", acme.Issuer{Verify: true, Roots: [][]byte{s.Certificate().Raw}}, ""},
		{"redirect", "GET", "/redirect", acme.Issuer{Verify: true, Roots: [][]byte{s.Certificate().Raw}}, ""},
		{"signed redirect", "POST", "/redirect", acme.Issuer{}, errRedirect.Error()},
		{"not trusted", "GET", "/", acme.Issuer{Verify: true}, "unknown authority"},
		{"not verified", "GET", "/", acme.Issuer{}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rt, release, err := network(&tc.issuer)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			r, err := http.NewRequestWithContext(t.Context(), tc.method, s.URL+tc.path, strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client(rt, s.URL).Do(r)
			if err == nil {
				_ = resp.Body.Close()
			}
			if (tc.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
	if _, _, err := network(&acme.Issuer{Roots: [][]byte{{1}}}); err == nil {
		t.Error("a broken root")
	}
	rt, release, err := network(&acme.Issuer{Verify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if cfg := rt.(*http.Transport).TLSClientConfig; cfg.MinVersion != tls.VersionTLS12 || cfg.InsecureSkipVerify {
		t.Error("TLS is not what it should be")
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "-5": 0, "120": 2 * time.Minute, "999999999": maxRetryAfter, "junk": 0,
		"Thu, 01 Jan 2026 01:00:00 GMT": time.Hour, "Thu, 01 Jan 2025 01:00:00 GMT": 0, "Thu, 01 Jan 2099 01:00:00 GMT": maxRetryAfter,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// FuzzChain: whatever a CA sends as a chain is refused or has certificates.
func FuzzChain(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("junk"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := parseChain(text)
		if err == nil && (len(list) == 0 || len(list) > maxChainSize) {
			t.Errorf("%d certificates", len(list))
		}
		if err == nil {
			_ = topIssuer(list)
		}
	})
}

// FuzzRetryAfter: what a CA says is never more than a day.
func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Thu, 01 Jan 2026 01:00:00 GMT")
	f.Fuzz(func(t *testing.T, text string) {
		if d := retryAfter(text, time.Unix(0, 0)); d < 0 || d > maxRetryAfter {
			t.Errorf("%v", d)
		}
	})
}
