package tlsconf

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"sync"
	"time"
)

// TicketKeys encrypts session tickets. Servers that should accept each other's
// tickets share one: those of a shared session cache, those with the same key
// files. It is safe for concurrent use.
type TicketKeys struct {
	keys tls.Config // only for EncryptTicket and DecryptTicket

	mu     sync.Mutex
	period time.Duration // 0: the keys are from files and stay
	list   []ticketKey   // the first seals
	next   time.Time     // when to rotate
}

// A ticketKey is a key and the name that tickets sealed with it begin with.
type ticketKey struct {
	name [16]byte
	key  [32]byte
}

func newTicketKey() (k ticketKey) {
	k.key = randomKey()
	name := randomKey()
	copy(k.name[:], name[:])
	return k
}

// use hands the keys to crypto/tls. The caller holds mu, or owns k alone.
func (k *TicketKeys) use(list []ticketKey) {
	k.list = list
	keys := make([][32]byte, len(list))
	for i := range list {
		keys[i] = list[i].key
	}
	k.keys.SetSessionTicketKeys(keys)
}

// NewTicketKeys returns random keys that are replaced every timeout
// (ssl_session_timeout); the replaced one is good for one timeout more.
func NewTicketKeys(timeout time.Duration, now time.Time) *TicketKeys {
	k := &TicketKeys{period: timeout, next: now.Add(timeout)}
	k.use([]ticketKey{newTicketKey()})
	return k
}

// LoadTicketKeys reads the files of ssl_session_ticket_key, 48 or 80 random
// bytes each. The first encrypts; all decrypt. Tickets are in Go's format: a
// farm can share the files between its Sluices, not with nginx. The error is
// nginx's message, up to the " in FILE:LINE" the caller adds.
func LoadTicketKeys(read ReadFile, names []string) (*TicketKeys, error) {
	var list []ticketKey
	for _, name := range names {
		data, err := read.plain(name)
		if err != nil {
			return nil, fileError("open", name, err)
		}
		if len(data) != 48 && len(data) != 80 {
			return nil, errors.New(`"` + name + `" must be 48 or 80 bytes`)
		}
		list = append(list, ticketKey{[16]byte(data), sha256.Sum256(data)})
	}
	k := &TicketKeys{}
	k.use(list)
	return k, nil
}

// encrypt seals a session.
func (k *TicketKeys) encrypt(cs tls.ConnectionState, ss *tls.SessionState, now time.Time) ([]byte, error) {
	name := k.rotate(now)
	sealed, err := k.keys.EncryptTicket(cs, ss)
	return append(name[:], sealed...), err
}

// decrypt opens a ticket; nil for one that is not ours.
func (k *TicketKeys) decrypt(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
	if len(ticket) < len(ticketKey{}.name) || !k.knows([16]byte(ticket)) {
		return nil, nil
	}
	return k.keys.DecryptTicket(ticket[len(ticketKey{}.name):], cs)
}

// knows reports whether a key has the name.
func (k *TicketKeys) knows(name [16]byte) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.list {
		if k.list[i].name == name {
			return true
		}
	}
	return false
}

// rotate makes a new key when it is time and returns the name of the one in use.
func (k *TicketKeys) rotate(now time.Time) [16]byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.period != 0 && !now.Before(k.next) {
		k.next = now.Add(k.period)
		k.use([]ticketKey{newTicketKey(), k.list[0]})
	}
	return k.list[0].name
}

// randomKey returns 32 random bytes.
func randomKey() (key [32]byte) {
	rand.Read(key[:]) // never fails
	return key
}
