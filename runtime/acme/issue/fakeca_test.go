package issue

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// fakeCA is a CA in memory, without a network, whose clock is that of the bubble. Signatures are not
// checked: Pebble does that.
type fakeCA struct {
	base string
	life time.Duration
	key  *ecdsa.PrivateKey
	root *x509.Certificate

	mu       sync.Mutex
	down     bool
	accounts map[string]bool // by the key
	orders   []*fakeOrder
	asked    map[string]int         // requests by the first part of the path
	refuse   map[string]fakeRefusal // by the first part of the path
	junk     map[string]func(w http.ResponseWriter)
	window   [2]time.Time // of renewal information; zero: none is offered
	again    string       // Retry-After of renewal information
	profiles map[string]string
	validate func(token string) bool // nil: every challenge is met
}

type fakeRefusal struct {
	status      int
	kind, after string
	times       int // -1: always
}

type fakeOrder struct {
	Status         string           `json:"status"`
	Identifiers    []map[string]any `json:"identifiers"`
	Authorizations []string         `json:"authorizations"`
	Finalize       string           `json:"finalize"`
	Certificate    string           `json:"certificate,omitempty"`
	Replaces       string           `json:"replaces,omitempty"`
	Profile        string           `json:"profile,omitempty"`
	chain          []byte
	valid          bool
	thumb          string
}

var (
	errDown = errors.New("connection refused")
	caNames sync.Mutex // for caCount
	caCount int        // the client remembers directories by their URL
)

func newFakeCA(t *testing.T) *fakeCA {
	t.Helper()
	caNames.Lock()
	caCount++
	base := fmt.Sprintf("https://ca%d.test", caCount)
	caNames.Unlock()
	c := &fakeCA{
		base: base, life: 90 * 24 * time.Hour, accounts: map[string]bool{}, asked: map[string]int{},
		refuse: map[string]fakeRefusal{}, junk: map[string]func(http.ResponseWriter){},
	}
	var err error
	if c.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().AddDate(30, 0, 0), IsCA: true, BasicConstraintsValid: true, SubjectKeyId: []byte{1, 2, 3, 4},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, c.key.Public(), c.key)
	if err != nil {
		t.Fatal(err)
	}
	if c.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return c
}

// set changes the CA.
func (c *fakeCA) set(fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn()
}

// count returns how often a path was asked for.
func (c *fakeCA) count(path string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[path]
}

// made returns how many certificates there are.
func (c *fakeCA) made() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.orders {
		if o.chain != nil {
			n++
		}
	}
	return n
}

// RoundTrip implements http.RoundTripper.
func (c *fakeCA) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	down := c.down
	c.mu.Unlock()
	if down {
		return nil, errDown
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	c.serve(w, r)
	return w.Result(), nil
}

func (c *fakeCA) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	c.asked[path[0]]++
	w.Header().Set("Replay-Nonce", fmt.Sprint("nonce", c.asked["nonce"], len(c.asked)))
	if junk := c.junk[path[0]]; junk != nil {
		junk(w)
		return
	}
	if no, ok := c.refuse[path[0]]; ok && no.times != 0 {
		no.times--
		c.refuse[path[0]] = no
		if no.after != "" {
			w.Header().Set("Retry-After", no.after)
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(no.status)
		fmt.Fprintf(w, `{"type":"urn:ietf:params:acme:error:%s","detail":"told to"}`, no.kind)
		return
	}
	switch path[0] {
	case "dir":
		dir := map[string]any{
			"newNonce": c.base + "/nonce", "newAccount": c.base + "/account", "newOrder": c.base + "/neworder",
			"meta": map[string]any{"profiles": c.profiles},
		}
		if !c.window[0].IsZero() {
			dir["renewalInfo"] = c.base + "/ari"
		}
		reply(w, 200, dir)
	case "nonce":
	case "ari":
		if c.again != "" {
			w.Header().Set("Retry-After", c.again)
		}
		reply(w, 200, map[string]any{"suggestedWindow": map[string]any{"start": c.window[0], "end": c.window[1]}})
	default:
		c.signed(w, r, path)
	}
}

// signed answers the requests that are signed.
func (c *fakeCA) signed(w http.ResponseWriter, r *http.Request, path []string) {
	var jws struct{ Protected, Payload string }
	_ = json.NewDecoder(r.Body).Decode(&jws)
	head, _ := base64.RawURLEncoding.DecodeString(jws.Protected)
	body, _ := base64.RawURLEncoding.DecodeString(jws.Payload)
	var h struct {
		JWK json.RawMessage
		KID string
	}
	_ = json.Unmarshal(head, &h)
	number := 0
	if len(path) > 1 {
		_, _ = fmt.Sscan(path[1], &number)
	}
	switch path[0] {
	case "account":
		id := fmt.Sprintf("%x", sha256.Sum256(h.JWK))[:16]
		status := 200
		if !c.accounts[id] {
			if strings.Contains(string(body), "onlyReturnExisting") {
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"type":"urn:ietf:params:acme:error:accountDoesNotExist"}`)
				return
			}
			c.accounts[id], status = true, 201
		}
		w.Header().Set("Location", c.base+"/acct/"+id)
		reply(w, status, map[string]any{"status": "valid"})
	case "neworder":
		o := &fakeOrder{Status: "pending", thumb: h.KID}
		_ = json.Unmarshal(body, o)
		n := len(c.orders)
		c.orders = append(c.orders, o)
		o.Authorizations = []string{fmt.Sprintf("%s/authz/%d", c.base, n)}
		o.Finalize = fmt.Sprintf("%s/finalize/%d", c.base, n)
		w.Header().Set("Location", fmt.Sprintf("%s/order/%d", c.base, n))
		reply(w, 201, o)
	case "order":
		reply(w, 200, c.orders[number])
	case "authz":
		status := "pending"
		if c.orders[number].valid {
			status = "valid"
		}
		reply(w, 200, map[string]any{
			"status": status, "identifier": c.orders[number].Identifiers[0], "challenges": []any{map[string]any{
				"type": "http-01", "url": fmt.Sprintf("%s/challenge/%d", c.base, number), "token": fmt.Sprint("token-", number), "status": status,
			}},
		})
	case "challenge":
		if c.validate == nil || c.validate(fmt.Sprint("token-", number)) {
			c.orders[number].valid = true
		}
		reply(w, 200, map[string]any{"type": "http-01", "status": "processing", "token": fmt.Sprint("token-", number)})
	case "finalize":
		var f struct{ CSR string }
		_ = json.Unmarshal(body, &f)
		der, _ := base64.RawURLEncoding.DecodeString(f.CSR)
		o := c.orders[number]
		o.Status, o.chain, o.Certificate = "valid", c.issue(der), fmt.Sprintf("%s/cert/%d", c.base, number)
		reply(w, 200, o)
	case "cert":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_, _ = w.Write(c.orders[number].chain)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// issue signs a certificate.
func (c *fakeCA) issue(der []byte) []byte {
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil || csr.CheckSignature() != nil {
		return nil
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(c.orders)) + 0x80), Subject: csr.Subject, NotBefore: time.Now(), NotAfter: time.Now().Add(c.life),
		DNSNames: csr.DNSNames, IPAddresses: csr.IPAddresses,
	}
	out, err := x509.CreateCertificate(rand.Reader, template, c.root, csr.PublicKey, c.key)
	if err != nil {
		return nil
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: out}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.root.Raw})...)
}

// records keeps what was logged.
type records struct {
	mu   sync.Mutex
	text strings.Builder
}

// WriteRecord implements errlog.Sink.
func (r *records) WriteRecord(_ errlog.Level, rec []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text.Write(rec)
}

func (r *records) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// machine is a process with a Manager, and what it logs.
type machine struct {
	*Manager
	records
}

func newMachine(t *testing.T, cas ...*fakeCA) *machine {
	t.Helper()
	x := &machine{}
	log := errlog.New(errlog.Config{Outputs: []errlog.Output{{Sink: &x.records, Threshold: errlog.Threshold{Level: errlog.Info}}}})
	x.Manager = NewManager(Options{
		Table: acme.NewTable(), Log: func() *errlog.Logger { return log },
		Connect: func(i *acme.Issuer) (http.RoundTripper, func(), error) {
			for _, c := range cas {
				if c.base+"/dir" == i.URI {
					return c, func() {}, nil
				}
			}
			return nil, nil, errDown
		},
	})
	return x
}

// plan is an issuer at the CA with an order for each list of names.
func (c *fakeCA) plan(t *testing.T, dir string, orders ...string) *acme.Plan {
	t.Helper()
	i := &acme.Issuer{Name: "ca", URI: c.base + "/dir", AccountKey: acme.DefaultKey(), Challenge: acme.HTTP01, Verify: true, StatePath: dir}
	for _, names := range orders {
		o := &acme.Order{Issuer: i.Name, Key: acme.DefaultKey()}
		for _, n := range strings.Fields(names) {
			if err := o.AddName(n); err != nil {
				t.Fatal(err)
			}
		}
		o.Identify()
		i.Orders = append(i.Orders, o)
	}
	return &acme.Plan{Issuers: []*acme.Issuer{i}}
}

// begin is what a process does with its first plan.
func (x *machine) begin(t *testing.T, p *acme.Plan) {
	t.Helper()
	if err := x.Prepare(p); err != nil {
		t.Fatal(err)
	}
	x.Apply(p)
}

// issued returns the certificate of the n-th order, nil for none.
func (x *machine) issued(p *acme.Plan, n int) *acme.Certificate {
	return x.Table.Entry(p.Issuers[0].Orders[n]).Issued()
}
