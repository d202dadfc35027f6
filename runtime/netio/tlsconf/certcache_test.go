package tlsconf

import (
	"os"
	"testing"
	"time"
)

func TestCertificateCache(t *testing.T) {
	dir := t.TempDir()
	crt, key := put(t, dir, "c.crt", read(t, "ec.crt")), put(t, dir, "c.key", read(t, "ec.key"))
	c := &CertificateCache{Max: 4, Inactive: 100 * time.Second, Valid: time.Minute}
	now := testNow
	load := func(crt, key string) any {
		pair, err := c.Load(crt, key, nil, now)
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
	first := load(crt, key)
	if load(crt, key) != first {
		t.Error("loaded twice")
	}
	touch := func() {
		at := now.Add(time.Hour)
		if err := os.Chtimes(crt, at, at); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(2 * time.Minute)
	if load(crt, key) != first {
		t.Error("an unchanged file was read again")
	}
	touch()
	if load(crt, key) != first {
		t.Error("looked at the file before its time")
	}
	now = now.Add(61 * time.Second)
	second := load(crt, key)
	if second == first {
		t.Error("a changed file was not read again")
	}
	load("data:"+read(t, "ec.crt"), key)
	load(crt, key)
	load(crt, "data:"+read(t, "ec.key"))
	if load(crt, key) != second || c.recent.Len() != 2 {
		t.Errorf("%d certificates; the least recently used should have gone", c.recent.Len())
	}
	now = now.Add(101 * time.Second)
	load("data:"+read(t, "ec.crt"), key)
	if c.recent.Len() != 1 {
		t.Errorf("%d certificates; inactive ones should have gone", c.recent.Len())
	}
	if _, err := c.Load("/nonexistent", key, nil, now); err == nil {
		t.Error("no error")
	}
}
