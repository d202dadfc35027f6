package authbasic

import (
	"runtime"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/module/authbasic/xcrypt"
)

// turns bounds the passwords that are hashed at the same time, and with them memory and the wait of other requests: a hash
// computes for milliseconds and may fill megabytes, and how many come is the clients' choice. Requests above the bound wait
// in the order in which they came; there are at most as many as connections and their subrequests. A configuration has one.
type turns struct {
	once  sync.Once
	slots chan struct{} // one for each processor
	large sync.Mutex    // held by a hash that takes more than smallHash
}

// smallHash is the memory up to which hashes run side by side. The default of yescrypt takes 16 MB.
const smallHash = 32 << 20

// take waits for a turn to verify a stored hash; done ends it.
func (t *turns) take(stored []byte) {
	t.once.Do(func() { t.slots = make(chan struct{}, runtime.GOMAXPROCS(0)) })
	if isLarge(stored) {
		t.large.Lock()
	}
	t.slots <- struct{}{}
}

func (t *turns) done(stored []byte) {
	<-t.slots
	if isLarge(stored) {
		t.large.Unlock()
	}
}

func isLarge(stored []byte) bool { return xcrypt.Memory(stored) > smallHash }
