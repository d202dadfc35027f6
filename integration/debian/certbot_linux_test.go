//go:build machines

package debian

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pebble is a certificate authority for tests, by the people of Let's Encrypt.
const pebble = "github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.1"

const pebbleConf = `{"pebble": {
	"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
	"certificate": "/opt/pebble.crt", "privateKey": "/opt/pebble.key",
	"httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false,
	"retryAfter": {"authz": 1, "order": 1}
}}`

// TestCertbot has certbot's plugin for nginx get a certificate for a site that is being served, install it into the
// configuration, and renew it.
func TestCertbot(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.install(programs["sluice"])
	h.startPebble(installPebble(t))
	h.write("/etc/hosts", "127.0.0.1 localhost shop.example www.shop.example\n")
	h.shell("rm -rf /etc/letsencrypt/* /var/lib/letsencrypt/*")
	_ = os.Remove(h.Path(sitePath))
	h.write(sitePath, "server {\n\tlisten 80;\n\tserver_name shop.example www.shop.example;\n\tlocation / { return 200 shop; }\n}\n")
	h.run(0, "nginx")
	pid := h.pid()

	said := h.run(0, "certbot", "--nginx", "--non-interactive", "--agree-tos", "--register-unsafely-without-email",
		"--server", "https://127.0.0.1:14000/dir", "--no-verify-ssl", "--redirect", "-d", "shop.example,www.shop.example")
	if !strings.Contains(said, "Successfully deployed certificate for shop.example") || strings.Contains(said, "OpenSSL alternatives") {
		t.Errorf("certbot says\n%s", said)
	}
	if conf := h.read(sitePath); strings.Count(conf, "managed by Certbot") < 4 {
		t.Errorf("the configuration is\n%s", conf)
	}
	first := h.certificate()
	if err := first.VerifyHostname("www.shop.example"); err != nil || !strings.HasPrefix(first.Issuer.CommonName, "Pebble") {
		t.Errorf("issued by %s: %v", first.Issuer, err)
	}
	if got := h.get("/x"); !strings.HasPrefix(got, "301 ") {
		t.Errorf("without TLS: %q", got)
	}

	h.run(0, "certbot", "renew", "--force-renewal", "--no-random-sleep-on-renew", "--no-verify-ssl")
	h.eventually("the renewed certificate", func() bool { return h.certificate().SerialNumber.Cmp(first.SerialNumber) != 0 })
	if h.pid() != pid {
		t.Error("it took another process")
	}
	if said := h.run(0, "nginx", "-t"); said != success {
		t.Errorf("-t says\n%s", said)
	}
}

// installPebble builds the certificate authority.
func installPebble(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir := t.TempDir()
	cmd := exec.CommandContext(ctx, "go", "install", pebble)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go install %s: %v\n%s", pebble, err, out)
	}
	return filepath.Join(dir, "pebble")
}

// startPebble starts the authority on the machine.
func (h *host) startPebble(binary string) {
	h.t.Helper()
	data, err := os.ReadFile(binary)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := writeProgram(h.Path("/opt/pebble"), data); err != nil {
		h.t.Fatal(err)
	}
	crt, key := pair(h.t)
	h.write("/opt/pebble.crt", crt)
	h.write("/opt/pebble.key", key)
	h.write("/opt/pebble.json", pebbleConf)
	cmd := h.Command(h.t.Context(), []string{"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0", "PEBBLE_AUTHZREUSE=0"},
		"/opt/pebble", "-config", "/opt/pebble.json")
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = cmd.Wait() }) // with the machine
	h.eventually("the certificate authority", func() bool {
		c, err := h.Dial("127.0.0.1:14000")
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// certificate is what the server shows for the site.
func (h *host) certificate() *x509.Certificate {
	h.t.Helper()
	raw, err := h.Dial("127.0.0.1:443")
	if err != nil {
		h.t.Fatal(err)
	}
	defer raw.Close()
	_ = raw.SetDeadline(time.Now().Add(patience))
	c := tls.Client(raw, &tls.Config{ServerName: "shop.example", InsecureSkipVerify: true})
	if err := c.Handshake(); err != nil {
		h.t.Fatal(err)
	}
	return c.ConnectionState().PeerCertificates[0]
}

// pair is a certificate for 127.0.0.1 and its key.
func pair(t *testing.T) (crt, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}
