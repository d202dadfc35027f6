package main

import (
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice"
	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

func TestUnpack(t *testing.T) {
	home := filepath.Join(t.TempDir(), "sluice")
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(home, "nginx.conf")
	if err := os.WriteFile(mine, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := unpack(home); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(mine); err != nil || string(text) != "mine" {
		t.Errorf("a file that was there: %q, %v", text, err)
	}
	err := fs.WalkDir(sluice.Assets(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			_, err = os.Stat(filepath.Join(home, name))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for name, mode := range map[string]fs.FileMode{"logs": 0o755, "certs/self-signed.key": 0o600, "certs/self-signed.crt": 0o644} {
		if info, err := os.Stat(filepath.Join(home, name)); err != nil || info.Mode().Perm()&^mode != 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	certificate, err := os.ReadFile(filepath.Join(home, "certs/self-signed.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := unpack(home); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(filepath.Join(home, "certs/self-signed.crt")); err != nil || string(again) != string(certificate) {
		t.Errorf("the second time made another certificate (%v)", err)
	}
}

func TestNewPair(t *testing.T) {
	now := time.Now()
	certPEM, keyPEM, err := newPair(now)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if err := pair.Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if pair.Leaf.VerifyHostname("example.com") == nil {
		t.Error("the certificate is for every name")
	}
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now.Add(800 * 24 * time.Hour)}); err != nil {
		t.Error(err)
	}
}

func TestUseBuiltIn(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	there := filepath.Join(state, "there.conf")
	if err := os.WriteFile(there, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(state, "missing.conf")
	for name, c := range map[string]struct {
		o    options
		path string
		want bool
	}{
		"nothing given":     {options{}, missing, true},
		"nginx's own place": {options{}, there, false},
		"a signal":          {options{signal: option{"stop", true}}, missing, true},
		"a file":            {options{conf: option{missing, true}}, missing, false},
		"a prefix":          {options{prefix: option{state, true}}, missing, false},
		"an installation":   {options{layout: conf.DebianLayout()}, missing, false},
	} {
		opts := runtime.Options{ConfPath: c.path}
		got, err := useBuiltIn(&c.o, &opts)
		want := c.path
		if c.want {
			want = filepath.Join(state, "sluice", "nginx.conf")
		}
		if err != nil || got != c.want || opts.ConfPath != want {
			t.Errorf("%s: %v, %s, %v", name, got, opts.ConfPath, err)
		}
	}
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("HOME", "/home/x")
	if dir, ok := stateFolder(1000); !ok || dir != "/home/x/.local/state/sluice" {
		t.Errorf("%q, %v", dir, ok)
	}
	if dir, ok := stateFolder(0); !ok || dir != "/var/lib/sluice" {
		t.Errorf("%q, %v for the super-user", dir, ok)
	}
	t.Setenv("HOME", "")
	if dir, ok := stateFolder(1000); ok {
		t.Errorf("%q without a home", dir)
	}
}
