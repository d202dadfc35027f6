package issue

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluiceproxy/sluice/runtime/acme"
)

// TestRenew: at two thirds of the lifetime, at half of a short one, with a new key each time.
func TestRenew(t *testing.T) {
	for _, life := range []time.Duration{90 * day, 6 * day} {
		bubble(t, func(t *testing.T, c *fakeCA, dir string) {
			c.life = life
			x := newMachine(t, c)
			defer x.Close()
			p := c.plan(t, dir, "a.test")
			x.begin(t, p)
			at := life * 2 / 3
			if life < 10*day {
				at = life / 2
			}
			time.Sleep(at - life/40)
			synctest.Wait()
			first := x.issued(p, 0)
			if c.made() != 1 {
				t.Fatalf("%d certificates\n%s", c.made(), x.String())
			}
			time.Sleep(life / 20)
			synctest.Wait()
			if c.count("dir") < 2 {
				t.Error("the directory was read once")
			}
			if second := x.issued(p, 0); c.made() != 2 || second == first || string(second.Key) == string(first.Key) {
				t.Fatalf("%d certificates\n%s", c.made(), x.String())
			}
			time.Sleep(20 * life)
			synctest.Wait()
			if n := c.made(); n < 22 || n > 52 {
				t.Errorf("%d certificates", n)
			}
			if x.issued(p, 0).TLS.Leaf.NotAfter.Before(time.Now()) {
				t.Error("expired")
			}
		})
	}
}

// TestRenewalInformation: the window of the CA counts, and the order names what it replaces.
func TestRenewalInformation(t *testing.T) {
	bubble(t, func(t *testing.T, c *fakeCA, dir string) {
		c.window = [2]time.Time{time.Now().Add(70 * day), time.Now().Add(71 * day)}
		x := newMachine(t, c)
		defer x.Close()
		p := c.plan(t, dir, "a.test")
		x.begin(t, p)
		time.Sleep(69 * day)
		synctest.Wait()
		if c.made() != 1 || c.count("ari") < 120 || c.count("ari") > 160 {
			t.Errorf("%d certificates, %d questions\n%s", c.made(), c.count("ari"), x.String())
		}
		c.set(func() { // it is revoked
			c.window = [2]time.Time{time.Now().Add(-2 * time.Hour), time.Now().Add(-time.Hour)}
			c.again = "3600"
		})
		time.Sleep(36 * time.Hour)
		synctest.Wait()
		if n := c.made(); n < 4 || n > 8 { // as soon as it is known, then not in a loop
			t.Errorf("%d certificates", n)
		}
		c.set(func() { c.window = [2]time.Time{time.Now().Add(50 * day), time.Now().Add(51 * day)} })
		if c.orders[1].Replaces == "" {
			t.Fatalf("%d certificates\n%s", c.made(), x.String())
		}
		before := c.made()
		c.set(func() { // from here on the CA has nothing usable to say
			c.window = [2]time.Time{time.Now().Add(5000 * day), time.Now().Add(5001 * day)}
		})
		time.Sleep(2 * time.Hour)
		c.set(func() { c.window = [2]time.Time{time.Now(), time.Now()} })
		time.Sleep(90 * day)
		synctest.Wait()
		if c.made() <= before {
			t.Errorf("%d certificates\n%s", c.made(), x.String())
		}
	})
}

// TestProfiles: one that the CA does not have is left out, unless it is required.
func TestProfiles(t *testing.T) {
	bubble(t, func(t *testing.T, c *fakeCA, dir string) {
		c.profiles = map[string]string{"short": "a few days"}
		x := newMachine(t, c)
		defer x.Close()
		for n, tc := range []struct {
			profile acme.Profile
			want    string // of the order; "-": there is none
		}{{acme.Profile{Name: "short", Required: true}, "short"}, {acme.Profile{Name: "long"}, ""}, {acme.Profile{Name: "long", Required: true}, "-"}} {
			c.set(func() { c.orders = nil })
			p := c.plan(t, dir+string(rune('a'+n)), "a.test")
			p.Issuers[0].Profile = tc.profile
			x.Apply(nil)
			x.Table.Keep()
			x.begin(t, p)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			got := "-"
			if len(c.orders) > 0 {
				got = c.orders[0].Profile
			}
			if got != tc.want || (got == "-") != (x.issued(p, 0) == nil) {
				t.Errorf("%v: %q\n%s", tc.profile, got, x.String())
			}
		}
	})
}

// TestOtherCA: where the issuer names another CA the certificates are obtained there at once, with an account there; where it
// names another folder they are stored there.
func TestOtherCA(t *testing.T) {
	bubble(t, func(t *testing.T, c *fakeCA, dir string) {
		other := newFakeCA(t)
		x := newMachine(t, c, other)
		defer x.Close()
		p := c.plan(t, dir, "a.test")
		x.begin(t, p)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		first := x.issued(p, 0)
		q := other.plan(t, dir, "a.test")
		x.begin(t, q)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		second := x.issued(q, 0)
		if first == nil || second == first || other.made() != 1 || len(other.accounts) != 1 || other.orders[0].Replaces != "" {
			t.Fatalf("%d certificates, %d accounts\n%s", other.made(), len(other.accounts), x.String())
		}
		moved := other.plan(t, dir+"2", "a.test")
		x.begin(t, moved)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		x.Close()
		y := newMachine(t, c, other)
		defer y.Close()
		y.begin(t, moved)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := y.issued(moved, 0); got == nil || string(got.Chain) != string(second.Chain) || other.made() != 1 {
			t.Errorf("%d certificates\n%s", other.made(), y.String())
		}
	})
}
