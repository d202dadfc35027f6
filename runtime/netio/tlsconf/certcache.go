package tlsconf

import (
	"container/list"
	"crypto/tls"
	"os"
	"strings"
	"sync"
	"time"
)

// A CertificateCache keeps certificates that are loaded during handshakes, as
// names with variables are: ssl_certificate_cache. It is safe for concurrent
// use.
type CertificateCache struct {
	// Max is how many objects it holds, a certificate and its key being two.
	// Inactive is for how long an unused object is kept, Valid for how long an object
	// is used before its files are checked again; nginx's defaults for the two are 10
	// and 60 seconds.
	Max             int
	Inactive, Valid time.Duration

	mu     sync.Mutex
	recent list.List // of *cachedPair, most recently used first
	byName map[pairName]*list.Element
}

// A pairName is what the directives' values came to.
type pairName struct{ cert, key string }

// A cachedPair is a loaded certificate and what its files were like.
type cachedPair struct {
	pairName
	pair              *tls.Certificate
	cert, key         os.FileInfo
	checked, accessed time.Time
}

// Load is LoadCertificate through the cache.
func (c *CertificateCache) Load(cert, key string, passwords [][]byte, now time.Time) (*tls.Certificate, error) {
	name := pairName{cert, key}
	if p := c.lookup(name, now); p != nil {
		return p, nil
	}
	// Files are looked at before they are read: a change in between is noticed
	// the next time.
	entry := &cachedPair{pairName: name, cert: stat(cert), key: stat(key), checked: now, accessed: now}
	var err error
	if entry.pair, err = LoadCertificate(cert, key, nil); err != nil {
		if len(passwords) == 0 {
			return nil, err
		}
		// What a password opens is not kept for directives without it.
		return LoadCertificate(cert, key, passwords)
	}
	c.store(entry, now)
	return entry.pair, nil
}

// lookup returns a certificate that is there and has not changed, or nil.
func (c *CertificateCache) lookup(name pairName, now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byName[name]
	if e == nil {
		return nil
	}
	p := e.Value.(*cachedPair)
	if now.Sub(p.checked) > c.Valid {
		if !same(p.cert, stat(p.pairName.cert)) || !same(p.key, stat(p.pairName.key)) {
			c.remove(e)
			return nil
		}
		p.checked = now
	}
	p.accessed = now
	c.recent.MoveToFront(e)
	return p.pair
}

// store adds a certificate and makes room for it.
func (c *CertificateCache) store(p *cachedPair, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byName[p.pairName]; e != nil {
		c.remove(e)
	}
	for e := c.recent.Back(); e != nil; e = c.recent.Back() {
		if 2*(c.recent.Len()+1) <= c.Max && now.Sub(e.Value.(*cachedPair).accessed) <= c.Inactive {
			break
		}
		c.remove(e)
	}
	if c.byName == nil {
		c.byName = map[pairName]*list.Element{}
	}
	c.byName[p.pairName] = c.recent.PushFront(p)
}

// remove takes an entry out.
func (c *CertificateCache) remove(e *list.Element) {
	delete(c.byName, c.recent.Remove(e).(*cachedPair).pairName)
}

// stat describes a file; nil for data: and what cannot be looked at.
func stat(name string) os.FileInfo {
	if strings.HasPrefix(name, dataPrefix) {
		return nil
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil
	}
	return info
}

// same reports whether a file is still the one it was.
func same(was, is os.FileInfo) bool {
	if was == nil || is == nil {
		return was == nil && is == nil
	}
	return os.SameFile(was, is) && sameTime(was.ModTime(), is.ModTime())
}

// sameTime compares times of modification. Tools that restore one often know
// its seconds only, and seconds are all that nginx looks at.
func sameTime(a, b time.Time) bool {
	return a.Equal(b) || a.Unix() == b.Unix() && (a.Nanosecond() == 0 || b.Nanosecond() == 0)
}
