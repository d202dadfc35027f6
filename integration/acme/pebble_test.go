package acme

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// authority is a running Pebble.
type authority struct {
	directory string // URL
	trusted   []byte // what its own certificate is signed by, PEM
	ca        *ca.CAImpl
	store     *db.MemoryStore
	accounts  atomic.Int64 // that were made
	orders    atomic.Int64
}

// authorityOptions are what a test wants of Pebble.
type authorityOptions struct {
	httpPort, tlsPort int
	external          map[string]string // MAC keys of account bindings, which are required then
	roots             int               // alternate chains
	records           *records          // of TXT; nil: none
}

// records are those of TXT in the DNS.
type records struct {
	mu   sync.Mutex
	text map[string][]string // by the name
	gone int                 // how many were removed
}

// ServeHTTP is the application behind acme_hook.
func (r *records) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name, text := "_acme-challenge."+q.FormValue("domain")+".", q.FormValue("text")
	switch q.FormValue("action") {
	case "add":
		r.text[name] = append(r.text[name], text)
	case "remove":
		before := len(r.text[name])
		r.text[name] = slices.DeleteFunc(r.text[name], func(s string) bool { return s == text })
		r.gone += before - len(r.text[name])
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

// of returns the records of a name; r may be nil.
func (r *records) of(name string) []string {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.text[name])
}

// startPebble starts a CA that looks for answers at the ports.
func startPebble(t *testing.T, o authorityOptions) *authority {
	t.Helper()
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	for id, key := range o.external {
		if err := store.AddExternalAccountKeyByID(id, key); err != nil {
			t.Fatal(err)
		}
	}
	profiles := map[string]ca.Profile{"default": {Description: "of the tests"}}
	a := &authority{ca: ca.New(quiet, store, "", "ecdsa", o.roots, 1, profiles), store: store}
	front := wfe.New(quiet, store, va.New(quiet, o.httpPort, o.tlsPort, false, startDNS(t, o.records), store), a.ca, []string{"ca.test"}, false, len(o.external) > 0, 0, 0)
	handler := front.Handler()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note := &noted{ResponseWriter: w}
		handler.ServeHTTP(note, r)
		switch {
		case note.status == http.StatusCreated && strings.HasSuffix(r.URL.Path, "/sign-me-up"):
			a.accounts.Add(1)
		case note.status == http.StatusCreated && strings.HasSuffix(r.URL.Path, "/order-plz"):
			a.orders.Add(1)
		}
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{a.ownCertificate(t)}}
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	a.directory = s.URL + wfe.DirectoryPath
	return a
}

// noted is a response whose status is known.
type noted struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (n *noted) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}

// ownCertificate makes the certificate of Pebble's HTTPS server.
func (a *authority) ownCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pebble"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a.trusted = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// suggestRenewal makes the CA say that a certificate is to be renewed now (RFC 9773).
func (a *authority) suggestRenewal(t *testing.T, cert *x509.Certificate) {
	t.Helper()
	text := func(at time.Time) string { return at.UTC().Format(time.RFC3339) }
	window := `{"suggestedWindow":{"start":"` + text(time.Now().Add(-2*time.Hour)) + `","end":"` + text(time.Now().Add(-time.Hour)) + `"}}`
	if err := a.store.SetARIResponse(cert.SerialNumber, window); err != nil {
		t.Fatal(err)
	}
}

// pool is what clients trust who trust the CA.
func (a *authority) pool(t *testing.T, chain int) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	if root := a.ca.GetRootCert(chain); root == nil || !pool.AppendCertsFromPEM(root.PEM()) {
		t.Fatal("Pebble has no root")
	}
	return pool
}

// startDNS starts a DNS server for which every host is this machine, and that has the records.
func startDNS(t *testing.T, r *records) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{Listener: ln, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			m.Answer = append(m.Answer, &dns.A{
				Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1),
			})
		}
		for _, text := range r.of(q.Question[0].Name) {
			m.Answer = append(m.Answer, &dns.TXT{
				Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET}, Txt: []string{text},
			})
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = s.Shutdown() })
	return ln.Addr().String()
}
