package tlsconf

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"os"
	"sync"
	"time"
)

// TicketKeys encrypts session tickets. Servers that should accept each other's
// tickets share one: those of a shared session cache, those with the same key
// files. It is safe for concurrent use.
type TicketKeys struct {
	keys tls.Config // only for EncryptTicket and DecryptTicket

	mu      sync.Mutex
	period  time.Duration // 0: the keys are from files and stay
	current [32]byte
	next    time.Time // when to rotate
}

// NewTicketKeys returns random keys that are replaced every timeout
// (ssl_session_timeout); the replaced one is good for one timeout more.
func NewTicketKeys(timeout time.Duration, now time.Time) *TicketKeys {
	k := &TicketKeys{period: timeout, next: now.Add(timeout)}
	k.current = randomKey()
	k.keys.SetSessionTicketKeys([][32]byte{k.current})
	return k
}

// LoadTicketKeys reads the files of ssl_session_ticket_key, 48 or 80 random
// bytes each. The first encrypts; all decrypt. Tickets are in Go's format: a
// farm can share the files between its Sluices, not with nginx. The error is
// nginx's message, up to the " in FILE:LINE" the caller adds.
func LoadTicketKeys(names []string) (*TicketKeys, error) {
	var list [][32]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fileError("open", name, err)
		}
		if len(data) != 48 && len(data) != 80 {
			return nil, errors.New(`"` + name + `" must be 48 or 80 bytes`)
		}
		list = append(list, sha256.Sum256(data))
	}
	k := &TicketKeys{}
	k.keys.SetSessionTicketKeys(list)
	return k, nil
}

// encrypt seals a session.
func (k *TicketKeys) encrypt(cs tls.ConnectionState, ss *tls.SessionState, now time.Time) ([]byte, error) {
	k.rotate(now)
	return k.keys.EncryptTicket(cs, ss)
}

// decrypt opens a ticket; nil for one that is not ours.
func (k *TicketKeys) decrypt(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
	return k.keys.DecryptTicket(ticket, cs)
}

// rotate makes a new key when it is time.
func (k *TicketKeys) rotate(now time.Time) {
	if k.period == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Before(k.next) {
		return
	}
	previous := k.current
	k.current = randomKey()
	k.next = now.Add(k.period)
	k.keys.SetSessionTicketKeys([][32]byte{k.current, previous})
}

// randomKey returns 32 random bytes.
func randomKey() (key [32]byte) {
	rand.Read(key[:]) // never fails
	return key
}
