package acme

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
	"github.com/sluiceproxy/sluice/internal/testport"
)

// TestHook obtains a certificate for a wildcard name with dns-01: acme_hook has an application add the records, which are removed
// in the end.
func TestHook(t *testing.T) {
	if lab.TestedIsNginx() {
		t.Skip("nginx has no such directive")
	}
	for _, own := range []bool{true, false} {
		name := "single"
		if own && os.Geteuid() == 0 {
			name = "master"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain, secure := ports(t)
			r := &records{text: map[string][]string{}}
			app := httptest.NewServer(r)
			defer app.Close()
			a := startPebble(t, authorityOptions{httpPort: plain, tlsPort: secure, records: r})
			dir := folder(t)
			write(t, dir, a, plain, secure, settings{own: own, more: `
    acme_issuer dns { uri ` + a.directory + `; state_path dns; accept_terms_of_service; ssl_trusted_certificate trusted.pem; challenge dns-01; }
    server {
        listen ` + testport.Addr(secure) + ` ssl;
        server_name .wild.test;
        acme_certificate dns *.wild.test wild.test;
        ssl_certificate $acme_certificate;
        ssl_certificate_key $acme_certificate_key;
        return 200 secure;
        location @hook {
            acme_hook dns uri=/?action=$acme_hook_name&domain=$acme_hook_domain&text=$acme_hook_keyauth;
            proxy_pass http://` + strings.TrimPrefix(app.URL, "http://") + `;
        }
    }`})
			s := start(t, dir, plain, secure, own)
			defer s.stop()
			cert := s.await(a, "b.wild.test", nil)
			for _, host := range []string{"wild.test", "c.wild.test"} {
				if err := cert.VerifyHostname(host); err != nil {
					t.Error(err)
				}
			}
			if !harness.Eventually(limit, func() bool {
				r.mu.Lock()
				defer r.mu.Unlock()
				return r.gone == 2
			}) {
				t.Errorf("records that are left: %v", r.text)
			}
		})
	}
}
