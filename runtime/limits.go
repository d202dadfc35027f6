package runtime

import (
	"os"
	goruntime "runtime"
	"runtime/debug"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// heapReserve is memory that is allocated and never touched, so the system
// never provides it, but the garbage collector counts it as in use. A server's
// live heap is a few megabytes and its steady state allocates nothing: without
// the reserve each 4 MB of connections coming and going would start a
// collection, which also empties the pools. With it the heap grows by 32 MB
// plus its own size between two collections, and never by a multiple of a large
// heap, as a higher GOGC would have it. There is no memory limit: what bounds a
// server's memory is worker_connections and the sizes of its buffers.
const heapReserve = 32 << 20

// reserveHeap allocates the reserve, which the caller keeps for the life of the
// process. It comes before anything else, while memory is fresh from the system
// and needs no clearing. GOGC or GOMEMLIMIT in the environment take its place.
func reserveHeap() []byte {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	return make([]byte, heapReserve)
}

// apply sets the limits of this process that the configuration asks for. What a
// worker may not set itself its master has set before, see Limit. Failures are
// logged and change nothing.
func (c *MainConf) apply(log *errlog.Logger) {
	if c.CoreSize > 0 {
		debug.SetTraceback("crash") // a panic leaves a core
	}
	c.Limit(0, log)
}

// Limit sets the limits of this process, with pid 0. For the worker pid a master raises
// what the worker may not raise itself when it takes the configuration, and sets its
// priority, that of the master without worker_priority. A master passes no log: root in a
// container often lacks the capabilities.
func (c *MainConf) Limit(pid int, log *errlog.Logger) {
	if c.Nofile >= 0 {
		if err := process.LimitOpenFiles(pid, uint64(c.Nofile)); err != nil {
			log.Fail(errlog.Alert, err)
		}
	}
	if c.CoreSize >= 0 {
		if err := process.LimitCore(pid, uint64(c.CoreSize)); err != nil {
			log.Fail(errlog.Alert, err)
		}
	}
	priority := c.Priority
	if priority == 0 && pid != 0 {
		priority = process.Priority() // it may have had another under the configuration before
	}
	if c.Priority != 0 || pid != 0 {
		if err := process.SetPriority(pid, priority); err != nil {
			log.Fail(errlog.Alert, err)
		}
	}
}

// warnOfMasks says that worker_cpu_affinity does not fit worker_processes. The
// masks have no effect, but a number of them that is wrong is still a mistake.
func (c *MainConf) warnOfMasks(log *errlog.Logger) {
	workers := c.Workers
	if workers == autoWorkers {
		workers = goruntime.NumCPU()
	}
	if c.masks > 1 && c.masks != workers {
		log.Log(errlog.Warn, 0, nil, nil, `the number of "worker_processes" is not equal to the number of `+
			`"worker_cpu_affinity" masks, using last mask for remaining worker processes`)
	}
}

// warnOfLimits says that there may be fewer descriptors than connections.
func (c *MainConf) warnOfLimits(log *errlog.Logger) {
	cur, _, err := process.OpenFiles()
	if err != nil {
		log.Fail(errlog.Alert, err)
		return
	}
	limit := int64(min(cur, 1<<62)) //nolint:gosec // bounded
	if int64(c.Connections) <= limit || c.Nofile >= 0 && int64(c.Connections) <= c.Nofile {
		return
	}
	if c.Nofile >= 0 {
		limit = c.Nofile
	}
	log.Log(errlog.Warn, 0, nil, nil, "%d worker_connections exceed open file resource limit: %d", c.Connections, limit)
}
