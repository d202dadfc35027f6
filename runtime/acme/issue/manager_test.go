package issue

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const day = 24 * time.Hour

// bubble runs a test in fake time with a CA and the folder of a state, after the machine has
// ended nothing is left.
func bubble(t *testing.T, fn func(t *testing.T, c *fakeCA, dir string)) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	synctest.Test(t, func(t *testing.T) { fn(t, newFakeCA(t), dir) })
}

// TestIssue: two names on one issuer, one account, challenges that are answered, and files that one
// user may read.
func TestIssue(t *testing.T) {
	bubble(t, func(t *testing.T, c *fakeCA, dir string) {
		x := newMachine(t, c)
		defer x.Close()
		c.validate = func(token string) bool { // which holds the lock of c alone
			answer, ok := x.Table.HTTP([]byte(token))
			return ok && strings.HasPrefix(string(answer), token+".")
		}
		p := c.plan(t, dir, "a.test www.a.test", "b.test 192.0.2.1")
		x.begin(t, p)
		time.Sleep(time.Minute)
		synctest.Wait()
		for n, names := range [][]string{{"a.test", "www.a.test"}, {"b.test", "192.0.2.1"}} {
			cert := x.issued(p, n)
			if cert == nil {
				t.Fatalf("no certificate %d\n%s", n, x.String())
			}
			for _, name := range names {
				if err := cert.TLS.Leaf.VerifyHostname(name); err != nil {
					t.Error(err)
				}
			}
		}
		if len(c.accounts) != 1 || c.made() != 2 {
			t.Errorf("%d accounts, %d certificates", len(c.accounts), c.made())
		}
		if _, ok := x.Table.HTTP([]byte("token-0")); ok {
			t.Error("the answer is still there")
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != 9 { // key, URL, lock, and three for each certificate
			t.Errorf("%v, %v", files, err)
		}
		for _, f := range files {
			if st, err := f.Info(); err != nil || st.Mode() != 0o600 {
				t.Errorf("%s: %v, %v", f.Name(), st.Mode(), err)
			}
		}
		if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", st, err)
		}
		if log := x.String(); !strings.Contains(log, "[info]") || !strings.Contains(log, `certificate issued, renewal scheduled at `) {
			t.Errorf("log %s", log)
		}
	})
}

// TestRestart: what another process has obtained is served at once, and no second account is made,
// also where the process ends in the middle of an order.
func TestRestart(t *testing.T) {
	bubble(t, func(t *testing.T, c *fakeCA, dir string) {
		c.validate = func(string) bool { return false }
		p := c.plan(t, dir, "a.test")
		one := newMachine(t, c)
		one.begin(t, p)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if c.count("challenge") != 1 || one.issued(p, 0) != nil {
			t.Fatalf("the order is not in the middle\n%s", one.String())
		}
		one.Close()
		c.set(func() { c.validate = nil })
		two := newMachine(t, c)
		two.begin(t, p)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		cert := two.issued(p, 0)
		if cert == nil || len(c.accounts) != 1 {
			t.Fatalf("%d accounts\n%s", len(c.accounts), two.String())
		}
		two.Close()
		three := newMachine(t, c)
		if err := three.Prepare(p); err != nil {
			t.Fatal(err)
		}
		if got := three.issued(p, 0); got == nil || string(got.Key) != string(cert.Key) {
			t.Error("the certificate is not served from the start")
		}
		three.Apply(p)
		time.Sleep(day)
		synctest.Wait()
		three.Close()
		if c.made() != 1 || len(c.accounts) != 1 {
			t.Errorf("%d certificates, %d accounts", c.made(), len(c.accounts))
		}
	})
}

// TestOutage: while the CA is down the certificate of before is served; attempts get rarer, and
// one follows when it is back.
func TestOutage(t *testing.T) {
	bubble(t, func(t *testing.T, c *fakeCA, dir string) {
		x := newMachine(t, c)
		defer x.Close()
		p := c.plan(t, dir, "a.test")
		c.down = true
		x.begin(t, p)
		began := time.Now()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := strings.Count(x.String(), "while updating certificate, next attempt in"); n != 4 {
			t.Errorf("%d attempts in an hour\n%s", n, x.String())
		}
		if cert, err := x.Table.Entry(p.Issuers[0].Orders[0]).Certificate(); err != nil || cert == nil {
			t.Error("no stand-in")
		}
		c.set(func() { c.down = false })
		for x.issued(p, 0) == nil {
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if d := time.Since(began); d > 95*time.Minute {
			t.Errorf("after %v", d)
		}
		first := x.issued(p, 0)
		time.Sleep(55 * day) // about to be renewed
		c.set(func() { c.down = true })
		time.Sleep(20 * day)
		synctest.Wait()
		if x.issued(p, 0) != first {
			t.Fatal("the certificate is gone")
		}
		c.set(func() { c.down = false })
		time.Sleep(7 * time.Hour)
		synctest.Wait()
		if x.issued(p, 0) == first {
			t.Error("not renewed when the CA was back")
		}
	})
}

// TestRefusals: what the CA says is obeyed: Retry-After, and errors that only the configuration can remove.
func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		name, path string
		no         fakeRefusal
		attempts   int // within three hours
		logged     string
	}{
		{"rate limit", "neworder", fakeRefusal{429, "rateLimited", "7000", -1}, 2, "rateLimited"},
		{"endless", "neworder", fakeRefusal{429, "rateLimited", "99999999999999999999", -1}, 5, "rateLimited"},
		{"a day at most", "neworder", fakeRefusal{429, "rateLimited", "999999999", -1}, 1, "next attempt in 24h0m0s"},
		{"wrong external account", "account", fakeRefusal{403, "unauthorized", "", -1}, 1, "[error]"},
		{"contact", "account", fakeRefusal{400, "invalidContact", "", -1}, 1, "no further attempt until the configuration is loaded again"},
		{"name", "neworder", fakeRefusal{400, "rejectedIdentifier", "", -1}, 1, "no further attempt"},
		{"nonce", "neworder", fakeRefusal{400, "badNonce", "", 2}, 3, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *fakeCA, dir string) {
				c.refuse[tc.path] = tc.no
				x := newMachine(t, c)
				defer x.Close()
				p := c.plan(t, dir, "a.test")
				x.begin(t, p)
				time.Sleep(170 * time.Minute)
				synctest.Wait()
				if n := c.count(tc.path); n != tc.attempts || !strings.Contains(x.String(), tc.logged) {
					t.Errorf("%d attempts, want %d\n%s", n, tc.attempts, x.String())
				}
				c.set(func() { clear(c.refuse) })
				x.Apply(p) // the configuration was loaded again
				time.Sleep(25 * time.Hour)
				synctest.Wait()
				if x.issued(p, 0) == nil {
					t.Errorf("no certificate\n%s", x.String())
				}
			})
		})
	}
}

// TestReload: what goes on goes on, what is gone ends, what has changed begins anew.
func TestReload(t *testing.T) {
	bubble(t, func(t *testing.T, c *fakeCA, dir string) {
		c.validate = func(string) bool { return false }
		x := newMachine(t, c)
		defer x.Close()
		p := c.plan(t, dir, "a.test", "b.test")
		x.begin(t, p)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		asked := c.count("neworder")
		q := c.plan(t, dir, "b.test", "c.test")
		x.begin(t, q)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := c.count("neworder"); asked != 2 || n != 3 {
			t.Errorf("%d orders, then %d: that of b.test is not the one of before", asked, n)
		}
		c.set(func() {
			c.validate = nil
			for _, o := range c.orders {
				o.valid = true
			}
		})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if x.issued(q, 0) == nil || x.issued(q, 1) == nil || c.made() != 2 {
			t.Fatalf("%d certificates\n%s", c.made(), x.String())
		}
		r := c.plan(t, dir, "b.test")
		r.Issuers[0].Contacts = []string{"mailto:a@b.test"}
		x.begin(t, r)
		x.begin(t, p) // at once once more
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if x.issued(p, 0) == nil || len(c.accounts) != 1 {
			t.Errorf("%d accounts\n%s", len(c.accounts), x.String())
		}
		x.Apply(nil)
		time.Sleep(200 * day)
		synctest.Wait()
		if c.made() != 3 {
			t.Errorf("%d certificates", c.made())
		}
	})
}

// TestNoState: without a folder the account lives as long as the process.
func TestNoState(t *testing.T) {
	bubble(t, func(t *testing.T, c *fakeCA, _ string) {
		x := newMachine(t, c)
		defer x.Close()
		p := c.plan(t, "", "a.test")
		x.begin(t, p)
		time.Sleep(10 * time.Second)
		x.Apply(nil)
		time.Sleep(10 * time.Second)
		q := c.plan(t, "", "a.test", "b.test")
		x.begin(t, q)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if x.issued(q, 1) == nil || len(c.accounts) != 1 || c.made() != 2 {
			t.Errorf("%d accounts, %d certificates\n%s", len(c.accounts), c.made(), x.String())
		}
	})
}

// TestTwoProcesses: while one process has the folder another one waits, and goes on with its
// certificates.
func TestTwoProcesses(t *testing.T) {
	bubble(t, func(t *testing.T, c *fakeCA, dir string) {
		one, two := newMachine(t, c), newMachine(t, c)
		defer two.Close()
		p := c.plan(t, dir, "a.test")
		one.begin(t, p)
		synctest.Wait()
		two.begin(t, p)
		time.Sleep(time.Minute)
		synctest.Wait()
		if one.issued(p, 0) == nil || c.made() != 1 || !strings.Contains(two.String(), "another process uses the state folder") {
			t.Fatalf("%d certificates\n%s", c.made(), two.String())
		}
		one.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := two.issued(p, 0); got == nil || string(got.Key) != string(one.issued(p, 0).Key) || c.made() != 1 {
			t.Errorf("%d certificates\n%s", c.made(), two.String())
		}
	})
}
