package acme

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
	"github.com/sluiceproxy/sluice/internal/testport"
)

// limit is how long anything may take on a busy machine.
const limit = 2 * time.Minute

// site is the program with a configuration.
type site struct {
	*harness.Server
	t             *testing.T
	plain, secure string // addresses
	body          string // what a page ends with
}

// settings are what differs between the sites of the tests.
type settings struct {
	main   string // outside of http
	issuer string // inside of acme_issuer
	more   string // inside of http
	own    bool   // keep root's rights
}

// ports takes two ports.
func ports(t *testing.T) (plain, secure int) {
	t.Helper()
	list, err := lab.Ports.Take(2)
	if err != nil {
		t.Fatal(err)
	}
	return list[0], list[1]
}

// write makes the configuration of a site in dir.
func write(t *testing.T, dir string, a *authority, plain, secure int, o settings) {
	t.Helper()
	user := ""
	if o.own && os.Geteuid() == 0 {
		user = "user nobody nogroup;"
	}
	text := fmt.Sprintf(`%s
%s
pid logs/pid;
error_log logs/error.log info;
events {}
http {
    access_log off;
    include temp-paths.conf;
    acme_issuer pebble {
        uri %s;
        state_path state;
        accept_terms_of_service;
        ssl_trusted_certificate trusted.pem;
        %s
    }
    server {
        listen %s;
        return 200 plain;
    }
    server {
        listen %s ssl;
        server_name a.sluice.test www.a.sluice.test;
        acme_certificate pebble;
        ssl_certificate $acme_certificate;
        ssl_certificate_key $acme_certificate_key;
        return 200 secure;
    }
    %s
}
`, user, o.main, a.directory, o.issuer, testport.Addr(plain), testport.Addr(secure), o.more)
	for name, content := range map[string]string{
		"nginx.conf": text, "trusted.pem": string(a.trusted), harness.TempPathsFile: "client_body_temp_path tmp;\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// folder makes the folder of a site.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(lab.Dir, "acme-")
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "logs"), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// start starts the program in dir.
func start(t *testing.T, dir string, plain, secure int, own bool) *site {
	t.Helper()
	s := &site{t: t, plain: testport.Addr(plain), secure: testport.Addr(secure), body: "secure"}
	begin := harness.Start
	if own {
		begin = harness.StartOwn
	}
	var err error
	if s.Server, err = begin(t.Context(), lab.Tested, dir, []string{s.plain, s.secure}); err != nil {
		t.Fatal(err)
	}
	return s
}

// stop ends the program.
func (s *site) stop() {
	s.t.Helper()
	if err := s.Stop(); err != nil {
		s.t.Error(err)
	}
}

// log returns the error log.
func (s *site) log() string {
	text, _ := os.ReadFile(filepath.Join(s.Dir, "logs", "error.log"))
	return string(text)
}

// ask asks for a page over TLS and returns the certificate.
func (s *site) ask(name string) (*x509.Certificate, error) {
	c, err := tls.Dial("tcp", s.secure, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(limit))
	if _, err := io.WriteString(c, "GET / HTTP/1.0\r\nHost: "+name+"\r\n\r\n"); err != nil {
		return nil, err
	}
	all, err := io.ReadAll(c)
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(all)), s.body) {
		return nil, fmt.Errorf("%q, %w", all, err)
	}
	return c.ConnectionState().PeerCertificates[0], nil
}

// await waits until the certificate of the CA is served. Every request meanwhile is answered.
func (s *site) await(a *authority, name string, before *x509.Certificate) *x509.Certificate {
	s.t.Helper()
	var got *x509.Certificate
	ok := harness.Eventually(limit, func() bool {
		cert, err := s.ask(name)
		if err != nil {
			s.t.Fatalf("a request has failed: %v\n%s", err, s.log())
		}
		got = cert
		return cert.Issuer.CommonName != cert.Subject.CommonName && (before == nil || !cert.Equal(before))
	})
	if !ok {
		s.t.Fatalf("no certificate\n%s", s.log())
	}
	c, err := tls.Dial("tcp", s.secure, &tls.Config{ServerName: name, RootCAs: a.pool(s.t, 0)})
	if err != nil {
		s.t.Fatal(err)
	}
	_ = c.Close()
	return got
}

// TestObtain obtains a certificate with each challenge in each kind of process, goes on with it after a reload and a
// restart, and makes one account.
func TestObtain(t *testing.T) {
	if lab.TestedIsNginx() {
		t.Skip("nginx has its module in a library of its own")
	}
	for _, kind := range []struct {
		name string
		settings
	}{
		{"master", settings{own: true}},
		{"single", settings{own: true, main: "master_process off;"}},
		{"ordinary user", settings{}},
	} {
		for _, challenge := range []string{"http-01", "tls-alpn-01"} {
			t.Run(kind.name+" "+challenge, func(t *testing.T) {
				t.Parallel()
				obtain(t, kind.settings, challenge)
			})
		}
	}
}

func obtain(t *testing.T, o settings, challenge string) {
	plain, secure := ports(t)
	a := startPebble(t, authorityOptions{httpPort: plain, tlsPort: secure})
	o.issuer = "challenge " + challenge + ";"
	dir := folder(t)
	write(t, dir, a, plain, secure, o)
	s := start(t, dir, plain, secure, o.own)
	cert := s.await(a, "a.sluice.test", nil)
	if err := cert.VerifyHostname("www.a.sluice.test"); err != nil {
		t.Error(err)
	}
	state := filepath.Join(dir, "state")
	for _, name := range []string{"account.key", "account.url"} {
		st, err := os.Stat(filepath.Join(state, name))
		if err != nil || st.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, st, err)
		}
		if sys, ok := st.Sys().(*syscall.Stat_t); ok && o.own && int(sys.Uid) != os.Geteuid() {
			t.Errorf("%s belongs to user %d", name, sys.Uid)
		}
	}
	o.more = "server { listen " + testport.Addr(secure) + ` ssl; server_name b.sluice.test; acme_certificate pebble 127.0.0.1 b.sluice.test key=rsa;
		ssl_certificate $acme_certificate; ssl_certificate_key $acme_certificate_key; return 200 secure; }`
	write(t, dir, a, plain, secure, o)
	s.Signal(syscall.SIGHUP)
	if !harness.Eventually(limit, func() bool {
		second, err := s.ask("b.sluice.test")
		return err == nil && second.VerifyHostname("b.sluice.test") == nil
	}) {
		t.Fatalf("the reload has failed\n%s", s.log())
	}
	s.await(a, "b.sluice.test", nil)
	if again, err := s.ask("a.sluice.test"); err != nil || !again.Equal(cert) {
		t.Errorf("the reload has changed the certificate, %v", err)
	}
	s.stop()
	s = start(t, dir, plain, secure, o.own)
	if again, err := s.ask("a.sluice.test"); err != nil || !again.Equal(cert) {
		t.Errorf("the restart has changed the certificate, %v", err)
	}
	s.stop()
	if a.accounts.Load() != 1 || a.orders.Load() != 2 {
		t.Errorf("%d accounts, %d orders, want 1 and 2\n%s", a.accounts.Load(), a.orders.Load(), s.log())
	}
}

// TestRenewal: a certificate whose renewal the CA suggests is replaced, while requests are answered.
func TestRenewal(t *testing.T) {
	if lab.TestedIsNginx() {
		t.Skip("nginx has its module in a library of its own")
	}
	plain, secure := ports(t)
	a := startPebble(t, authorityOptions{httpPort: plain, tlsPort: secure})
	dir := folder(t)
	write(t, dir, a, plain, secure, settings{own: true})
	s := start(t, dir, plain, secure, true)
	first := s.await(a, "a.sluice.test", nil)
	s.stop()
	a.suggestRenewal(t, first)
	s = start(t, dir, plain, secure, true)
	defer s.stop()
	s.await(a, "a.sluice.test", first)
	if a.accounts.Load() != 1 || a.orders.Load() != 2 {
		t.Errorf("%d accounts, %d orders", a.accounts.Load(), a.orders.Load())
	}
}

// TestWorkerKilled: the worker that takes the place of one that was killed has the certificate from the start.
func TestWorkerKilled(t *testing.T) {
	if lab.TestedIsNginx() || os.Geteuid() != 0 {
		t.Skip("there is no worker without root's rights")
	}
	plain, secure := ports(t)
	a := startPebble(t, authorityOptions{httpPort: plain, tlsPort: secure})
	dir := folder(t)
	write(t, dir, a, plain, secure, settings{own: true})
	s := start(t, dir, plain, secure, true)
	defer s.stop()
	cert := s.await(a, "a.sluice.test", nil)
	time0 := strings.Count(s.log(), "start worker process ")
	for _, line := range strings.Split(s.log(), "\n") {
		var pid int
		if _, after, ok := strings.Cut(line, "start worker process "); ok {
			if _, err := fmt.Sscan(after, &pid); err == nil {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	if !harness.Eventually(limit, func() bool { return strings.Count(s.log(), "start worker process ") > time0 }) {
		t.Fatal("no other worker")
	}
	if again, err := s.ask("a.sluice.test"); err != nil || !again.Equal(cert) {
		t.Errorf("another certificate, %v", err)
	}
}

// TestRefused: who is not trusted, and who does not trust us, has it in the log; the server goes on.
func TestRefused(t *testing.T) {
	if lab.TestedIsNginx() {
		t.Skip("nginx has its module in a library of its own")
	}
	key := "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" // base64url
	for _, tc := range []struct {
		name, issuer, want string
		external           map[string]string
		wrongRoot          bool
	}{
		{name: "wrong authority", wrongRoot: true, want: "certificate signed by unknown authority"},
		{name: "no binding", external: map[string]string{"kid": key}, want: "external account key required"},
		{name: "unknown binding", issuer: "external_account_key other data:" + key + ";", external: map[string]string{"kid": key}, want: "no further attempt"},
		{name: "wrong binding", issuer: "external_account_key kid data:AAAA;", external: map[string]string{"kid": key}, want: "no further attempt"},
		{name: "right binding", issuer: "external_account_key kid data:" + key + ";", external: map[string]string{"kid": key}, want: "certificate issued"},
		{name: "not verified", issuer: "ssl_verify off;", wrongRoot: true, want: "certificate issued"},
		{name: "profile", issuer: "profile other require;", want: "the profile is not supported by the server"},
		{name: "terms and contact", issuer: "contact a@sluice.test; contact mailto:b@sluice.test; profile default; account_key rsa:2048; common_name_in_csr on;", want: "certificate issued"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			plain, secure := ports(t)
			a := startPebble(t, authorityOptions{httpPort: plain, tlsPort: secure, external: tc.external})
			if tc.wrongRoot {
				a.ownCertificate(t) // another one
			}
			dir := folder(t)
			write(t, dir, a, plain, secure, settings{issuer: tc.issuer})
			s := start(t, dir, plain, secure, false)
			defer s.stop()
			if !harness.Eventually(limit, func() bool { return strings.Contains(s.log(), tc.want) }) {
				t.Errorf("log %s\nwant %s", s.log(), tc.want)
			}
			if _, err := s.ask("a.sluice.test"); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPreferredChain: of the chains that the CA offers the one with the name is taken.
func TestPreferredChain(t *testing.T) {
	if lab.TestedIsNginx() {
		t.Skip("nginx has its module in a library of its own")
	}
	plain, secure := ports(t)
	a := startPebble(t, authorityOptions{httpPort: plain, tlsPort: secure, roots: 2})
	dir := folder(t)
	name := a.ca.GetRootCert(2).Cert.Subject.CommonName
	write(t, dir, a, plain, secure, settings{issuer: `preferred_chain "` + name + `";`})
	s := start(t, dir, plain, secure, false)
	defer s.stop()
	if !harness.Eventually(limit, func() bool {
		c, err := tls.Dial("tcp", s.secure, &tls.Config{ServerName: "a.sluice.test", RootCAs: a.pool(t, 2)})
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}) {
		t.Errorf("log %s", s.log())
	}
}
