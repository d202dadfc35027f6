package runtime

import (
	"os"
	goruntime "runtime"
	"sync"
)

// threads is how many threads of this process run Go code at once: as many as worker_processes says, and one more while
// the process does something beside serving that lasts, such as loading the next configuration. A thread that computes,
// or returns memory to the system, is not available to connections until it is interrupted, after ten milliseconds or when
// it is done; with a thread to spare they go on, and the system shares the processors.
type threads struct {
	mu    sync.Mutex
	fixed bool // GOMAXPROCS is in the environment, and wins over worker_processes
	count int  // without the spare one; 0 until the process serves, autoWorkers for what Go takes by itself
	spare int  // how many callers have asked for a spare thread and still need it
}

// set sets how many threads there are without the spare one.
func (t *threads) set(workers int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.fixed = os.Getenv("GOMAXPROCS") != ""; !t.fixed {
		t.count = workers
	} else if t.count == 0 {
		t.count = goruntime.GOMAXPROCS(0)
	}
	t.use()
}

// more asks for a spare thread. Each call is followed by one of less.
func (t *threads) more() { t.change(1) }

// less gives the spare thread back.
func (t *threads) less() { t.change(-1) }

func (t *threads) change(by int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.spare
	if t.spare += by; t.count != 0 && (before == 0 || t.spare == 0) {
		t.use()
	}
}

// use tells the runtime. What Go takes by itself are the processors that affinity and the
// container leave; it follows their changes as long as there is no spare thread.
func (t *threads) use() {
	n := t.count
	if n == autoWorkers {
		goruntime.SetDefaultGOMAXPROCS()
		n = goruntime.GOMAXPROCS(0)
		if t.spare == 0 {
			return
		}
	}
	if n += min(t.spare, 1); n != goruntime.GOMAXPROCS(0) {
		goruntime.GOMAXPROCS(n)
	}
}
