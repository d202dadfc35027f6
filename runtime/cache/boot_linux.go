package cache

import (
	"hash/fnv"
	"os"
	"sync"
)

// bootID is a number for the time since the system was started: what was written in it is whole,
// whatever became of the process, and what was written before may not be. 0: not known.
var bootID = sync.OnceValue(func() uint64 {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write(id) // does not fail
	return h.Sum64()
})
