package acme

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func order(t *testing.T, names ...string) *Order {
	t.Helper()
	o := &Order{Issuer: "ca", Key: DefaultKey()}
	for _, n := range names {
		if err := o.AddName(n); err != nil {
			t.Fatal(err)
		}
	}
	o.Identify()
	return o
}

// TestStandIn: a server shows a certificate of its own until there is one of the CA.
func TestStandIn(t *testing.T) {
	table, o := NewTable(), order(t, "a.test", "192.0.2.1")
	e := table.Entry(o)
	first, err := e.Get(nil)
	if err != nil || first.Leaf.VerifyHostname("a.test") != nil || first.Leaf.VerifyHostname("192.0.2.1") != nil {
		t.Fatalf("%v, %v", first, err)
	}
	if second, _ := e.Get(nil); second != first || e.Issued() != nil {
		t.Error("not the same stand-in")
	}
	text, err := e.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(text.Chain, text.Key)
	if err != nil {
		t.Fatal(err)
	}
	if table.Set(o, c); e.Issued() != c || table.Entry(o) != e {
		t.Error("the certificate has not come")
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = e.Get(nil) }); n != 0 {
		t.Errorf("%v allocations in a handshake", n)
	}
	table.Keep(&Plan{Issuers: []*Issuer{{Orders: []*Order{o}}}}, nil)
	if table.Entry(o) != e {
		t.Error("dropped although it is wanted")
	}
	if table.Keep(&Plan{}); table.Entry(o) == e {
		t.Error("kept although it is not wanted")
	}
}

// TestSent: a second process has what the first one sends, and never something older.
func TestSent(t *testing.T) {
	from, to, o := NewTable(), NewTable(), order(t, "a.test")
	certs := func() *Certificate {
		c, err := standIn(o.Names)
		if err != nil {
			t.Fatal(err)
		}
		from.Set(o, c)
		return c
	}
	certs()
	old := from.Certificates()
	want := certs()
	for _, b := range [][]byte{from.Certificates(), old, from.Certificates()} {
		if err := to.TakeCertificates(b); err != nil {
			t.Fatal(err)
		}
	}
	got := to.Entry(o).Issued()
	if got == nil || string(got.Chain) != string(want.Chain) || string(got.Key) != string(want.Key) {
		t.Error("not the newest certificate")
	}
	if to.TakeCertificates([]byte("junk")) == nil {
		t.Error("junk was taken")
	}
	remove, err := from.AnswerHTTP("token", "auth")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := from.AnswerALPN(Name{"192.0.2.1", true}, "auth"); err != nil {
		t.Fatal(err)
	}
	both := from.Challenges()
	if state, err := to.TakeChallenges(both); err != nil || state != 2 {
		t.Fatalf("%d, %v", state, err)
	}
	if answer, ok := to.HTTP([]byte("token")); !ok || string(answer) != "auth" {
		t.Errorf("%q", answer)
	}
	if to.challenges.Load().alpn["1.2.0.192.in-addr.arpa"] == nil {
		t.Error("no answer for the address")
	}
	remove()
	for _, b := range [][]byte{from.Challenges(), both} {
		if _, err := to.TakeChallenges(b); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := to.HTTP([]byte("token")); ok {
		t.Error("an answer came back")
	}
	if _, err := to.TakeChallenges([]byte("junk")); err == nil {
		t.Error("junk was taken")
	}
}

// TestServed: the CA is told to look when those who serve have the answer.
func TestServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table, told := NewTable(), 0
		_ = table.Served(t.Context(), nil) // this process serves
		table.Follow(func() { told++ })
		if _, err := table.AnswerHTTP("a", "b"); err != nil || told != 1 {
			t.Fatal(told, err)
		}
		began := time.Now()
		time.AfterFunc(time.Second, func() { table.Confirm(0, nil) })
		time.AfterFunc(2*time.Second, func() { table.Confirm(9, nil) }) // there is no such state
		time.AfterFunc(3*time.Second, func() { table.Confirm(1, nil) })
		_ = table.Served(t.Context(), nil)
		if d := time.Since(began); d != 3*time.Second {
			t.Errorf("waited %v", d)
		}
		if _, err := table.AnswerHTTP("c", "d"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_ = table.Served(ctx, nil)
		if d := time.Since(began); d != time.Minute+3*time.Second {
			t.Errorf("waited %v", d)
		}
	})
}

// TestALPN: the answer of tls-alpn-01 is a certificate with the digest of the key authorization.
func TestALPN(t *testing.T) {
	table := NewTable()
	remove, err := table.AnswerALPN(Name{Value: "a.test"}, "auth")
	if err != nil {
		t.Fatal(err)
	}
	shake := func(name string, protocols ...string) (tls.ConnectionState, error) {
		a, b := net.Pipe()
		other := errors.New("another handshake")
		server := tls.Server(a, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			if cfg := table.ALPN(h); cfg != nil {
				return cfg, nil
			}
			return nil, other
		}})
		client := tls.Client(b, &tls.Config{ServerName: name, NextProtos: protocols, InsecureSkipVerify: true})
		done := make(chan error, 1)
		go func() { done <- server.Handshake(); a.Close() }()
		err := client.Handshake()
		b.Close()
		return client.ConnectionState(), errors.Join(err, <-done)
	}
	cs, err := shake("A.test", "acme-tls/1")
	if err != nil {
		t.Fatal(err)
	}
	leaf := cs.PeerCertificates[0]
	if cs.NegotiatedProtocol != ALPNProtocol || !slices.Equal(leaf.DNSNames, []string{"a.test"}) {
		t.Errorf("%s, %q", cs.NegotiatedProtocol, leaf.DNSNames)
	}
	found := false
	for _, e := range leaf.Extensions {
		found = found || e.Id.String() == "1.3.6.1.5.5.7.1.31" && e.Critical && len(e.Value) == 34
	}
	if !found {
		t.Error("the extension is missing")
	}
	if _, err := shake("b.test", "acme-tls/1"); err == nil {
		t.Error("an answer for an unknown name")
	}
	if _, err := shake("a.test", "http/1.1"); err == nil {
		t.Error("an answer to another handshake")
	}
	remove()
	if _, err := shake("a.test", "acme-tls/1"); err == nil {
		t.Error("an answer that was removed")
	}
}

func TestAccountKey(t *testing.T) {
	for _, k := range []Key{{Bits: 256}, {Bits: 521}, {RSA: true, Bits: 2048}} {
		key, err := k.Generate()
		if err != nil {
			t.Fatal(err)
		}
		text, err := MarshalKey(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseAccountKey(text); err != nil {
			t.Errorf("%v: %v", k, err)
		}
	}
	for _, bad := range []string{"", "junk", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if _, err := ParseAccountKey([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
