package pass

import (
	"crypto/md5" //nolint:gosec // a session is found by it, nothing is proved
	"fmt"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/resource"
	"github.com/sluiceproxy/sluice/runtime/upstream"
	"github.com/sluiceproxy/sluice/runtime/zone"
)

// learning is sticky learn: which peer a session of the application is with.
type learning struct {
	create      []int // variables; the first one with a value is a session that begins
	zone        string
	size        int64
	timeout     int64 // ms
	afterHeader bool  // a session is noted when the header of the response is there, not its end
	sessions    *sessions
}

// sessions are those of one zone. They go from one configuration to the next.
type sessions struct {
	host    string // the upstream whose sessions they are
	name    string
	table   *zone.Table[session]
	timeout int64 // ns, that of the newest configuration, and so its log; guarded by the table's lock
	log     *errlog.Logger
}

// session is a session of an application. What it is found by is a hash of its text.
type session struct {
	last int64 // clock.Mono
	size uint8
	sid  [upstream.MaxRoute]byte
}

// sessionSize is what a session takes in nginx's zone, without the hash.
const sessionSize = 128

const sessionZones resource.Kind[*sessions] = "sticky sessions"

// complete takes the sessions over from the configuration before.
func (s *sticky) complete(b *httpd.Builder, host string) error {
	l := s.learn
	if l == nil {
		return nil
	}
	log := b.Env.Log
	z := sessionZones.Take(b.Env.Resources, fmt.Sprintf("%s:%d", l.zone, l.size), func() *sessions {
		return &sessions{host: host, name: l.zone, table: zone.New[session](l.size, sessionSize)}
	})
	if z.host != host {
		return fmt.Errorf(`sticky zone "%s" is used in upstream "%s" while previously it was used in upstream "%s"`,
			l.zone, host, z.host)
	}
	l.sessions = z
	b.Start(func(*httpd.Config) error {
		z.table.Lock()
		z.timeout, z.log = l.timeout*1e6, log
		z.table.Unlock()
		return nil
	})
	return nil
}

// find appends the session id of the peer that the session id is with; nil for none.
func (z *sessions) find(dst, id []byte, now int64) []byte {
	key := md5.Sum(id) //nolint:gosec // see the import
	z.table.Lock()
	defer z.table.Unlock()
	e := z.table.Peek(key[:])
	if e == nil || now-e.Value.last >= z.timeout {
		return nil
	}
	return append(dst, e.Value.sid[:e.Value.size]...)
}

// note notes that the session of x is with its peer, if it begins one, or is known.
func (l *learning) note(x *Exchange) {
	id, begins := x.bond.made, true
	if id == nil {
		id, begins = x.bond.id, false
	}
	if len(id) == 0 || x.peer == nil {
		return
	}
	z, key := l.sessions, md5.Sum(id) //nolint:gosec // see the import
	if log := z.set(key[:], x.choice.SID, begins); log != nil {
		log.Log(errlog.Warn, 0, nil, nil, `could not allocate node in sticky session zone "%s", expiring least recently used session`, z.name)
	}
}

// set notes the peer of a session, that with the session id sid; begins says that the
// session may be new. Where another session had to go for it, it returns the log to say so
// in.
func (z *sessions) set(key, sid []byte, begins bool) (full *errlog.Logger) {
	now := clock.Mono()
	z.table.Lock()
	defer z.table.Unlock()
	e := z.table.Find(key)
	if e != nil && now-e.Value.last >= z.timeout {
		z.table.Remove(e)
		e = nil
	}
	if e == nil && begins {
		var lost bool
		if e, lost = z.add(key, now); lost {
			full = z.log
		}
	}
	if e != nil {
		e.Value.last = now
		e.Value.size = uint8(copy(e.Value.sid[:], sid))
	}
	return full
}

// add makes a session, for which it removes the oldest ones: those that have timed out,
// or, which lost reports, one that has not, if there is no room else. The caller holds the
// table's lock.
func (z *sessions) add(key []byte, now int64) (e *zone.Entry[session], lost bool) {
	for {
		o := z.table.Oldest()
		if o == nil || now-o.Value.last < z.timeout {
			break
		}
		z.table.Remove(o)
	}
	if e = z.table.Add(key); e != nil {
		return e, false
	}
	if o := z.table.Oldest(); o != nil {
		z.table.Remove(o)
	}
	return z.table.Add(key), true
}
