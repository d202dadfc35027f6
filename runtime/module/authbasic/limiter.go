package authbasic

import (
	"runtime"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/module/authbasic/xcrypt"
)

// limiter bounds how many passwords are hashed at the same time, and so their memory and the delay of other requests. A hash
// takes milliseconds and may take megabytes, and clients choose how many requests need one. Requests above the bound wait in
// order of arrival; there are at most as many as connections and their subrequests. A configuration has one limiter.
type limiter struct {
	once  sync.Once
	slots chan struct{} // one for each processor
	large sync.Mutex    // held while a hash is computed that takes more than smallHash
}

// smallHash is the memory up to which several hashes are computed at a time. yescrypt takes 16 MB by default.
const smallHash = 32 << 20

// acquire waits until a stored hash may be verified; release ends that.
func (l *limiter) acquire(stored []byte) {
	l.once.Do(func() { l.slots = make(chan struct{}, runtime.GOMAXPROCS(0)) })
	if isLarge(stored) {
		l.large.Lock()
	}
	l.slots <- struct{}{}
}

func (l *limiter) release(stored []byte) {
	<-l.slots
	if isLarge(stored) {
		l.large.Unlock()
	}
}

func isLarge(stored []byte) bool { return xcrypt.Memory(stored) > smallHash }
