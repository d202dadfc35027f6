package issue

import (
	"crypto"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// store is the state folder of an issuer: nginx's files under nginx's names. Without a folder only
// the account is kept, in memory.
type store struct {
	dir string // "": none

	key crypto.Signer // of the account, where there is no folder
	url string
}

const (
	keyFile = "account.key"
	urlFile = "account.url"
	newKey  = ".key.new" // the key of a certificate that is about to be written
	caFile  = ".ca"      // the directory of the CA that has issued a certificate
	mode    = 0o600
)

func (s *store) path(name string) string { return filepath.Join(s.dir, name) }

// prepare makes the folder, which belongs to the user of this process from then on: nginx gives
// it to that of its workers. The error is an *errno.OpError.
func (s *store) prepare() error {
	if s.dir == "" {
		return nil
	}
	if err := os.Mkdir(s.dir, 0o700); err != nil && !os.IsExist(err) {
		return errno.Failed("mkdir()", s.dir, err)
	}
	st, err := os.Stat(s.dir)
	if err != nil {
		return errno.Failed("stat()", s.dir, err)
	}
	if os.Geteuid() == 0 && owner(st) != 0 {
		if err := os.Chown(s.dir, 0, -1); err != nil {
			return errno.Failed("chown()", s.dir, err)
		}
	}
	if os.Geteuid() == owner(st) && st.Mode().Perm()&0o022 != 0 {
		if err := os.Chmod(s.dir, 0o700); err != nil {
			return errno.Failed("chmod()", s.dir, err)
		}
	}
	return nil
}

// read returns a file, nil where there is none.
func (s *store) read(name string) ([]byte, error) {
	if s.dir == "" {
		return nil, nil
	}
	f, err := os.Open(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f)
}

// write makes a file that one user may read. After a crash it is the one before or the new one,
// whole. What lies about under the name of the file in the making is not followed.
func (s *store) write(name string, text []byte) error {
	if s.dir == "" {
		return nil
	}
	path := s.path(name)
	temp := path + ".tmp"
	_ = os.Remove(temp) // of a process that was killed
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		return err
	}
	s.syncFolder()
	return nil
}

// syncFolder makes a change of names last. Not every file system can.
func (s *store) syncFolder() {
	if f, err := os.Open(s.dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}

// accountKey returns the key of the account: the file that the configuration names, the one that
// was made before, or a new one, which is stored before it is used.
func (s *store) accountKey(kind acme.Key) (crypto.Signer, error) {
	if kind.File != "" {
		text, err := readFile(kind.File)
		if err != nil {
			return nil, err
		}
		return acme.ParseAccountKey(text)
	}
	if s.key != nil {
		return s.key, nil
	}
	text, err := s.read(keyFile)
	if err != nil {
		return nil, err
	}
	if text != nil {
		return acme.ParseAccountKey(text) // a broken file is the administrator's: a new key would be a new account
	}
	key, err := kind.Generate()
	if err != nil {
		return nil, err
	}
	if text, err = acme.MarshalKey(key); err != nil {
		return nil, err
	}
	if err := s.write(keyFile, text); err != nil {
		return nil, err
	}
	if s.dir == "" {
		s.key = key
	}
	return key, nil
}

// accountURL returns the URL of the account, "" where none is known.
func (s *store) accountURL() string {
	if s.dir == "" {
		return s.url
	}
	text, _ := s.read(urlFile) // the CA knows it as well
	return strings.TrimSpace(string(text))
}

func (s *store) setAccountURL(url string) error {
	s.url = url
	return s.write(urlFile, []byte(url))
}

// load returns the certificate of an order, nil where there is none that is whole.
func (s *store) load(o *acme.Order) *acme.Certificate {
	chain, err := s.read(o.ID + ".crt")
	if err != nil || chain == nil {
		return nil
	}
	for _, ext := range []string{".key", newKey} {
		key, err := s.read(o.ID + ext)
		if err != nil || key == nil {
			continue
		}
		if c, err := acme.Parse(chain, key); err == nil && covers(c, o) {
			ca, _ := s.read(o.ID + caFile) // nginx has no such file
			c.CA = string(ca)
			return c
		}
	}
	return nil
}

// save stores the certificate of an order. After a crash in between load finds the one before or the
// new one, whole.
func (s *store) save(o *acme.Order, c *acme.Certificate) error {
	if s.dir == "" {
		return nil
	}
	if err := s.write(o.ID+newKey, c.Key); err != nil {
		return err
	}
	if err := s.write(o.ID+caFile, []byte(c.CA)); err != nil {
		return err
	}
	if err := s.write(o.ID+".crt", c.Chain); err != nil {
		return err
	}
	if err := os.Rename(s.path(o.ID+newKey), s.path(o.ID+".key")); err != nil {
		return err
	}
	s.syncFolder()
	return nil
}

// covers reports whether a certificate is for the names of an order.
func covers(c *acme.Certificate, o *acme.Order) bool {
	for _, n := range o.Names {
		if !n.IP && !slices.Contains(c.TLS.Leaf.DNSNames, n.Value) {
			return false
		}
		if ip := net.ParseIP(n.Value); n.IP && !slices.ContainsFunc(c.TLS.Leaf.IPAddresses, ip.Equal) {
			return false
		}
	}
	return true
}
