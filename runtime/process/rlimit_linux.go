package process

import "golang.org/x/sys/unix"

// CanLimitOthers says that limits can be set for another process.
const CanLimitOthers = true

func setLimit(pid, resource int, n uint64) error {
	return unix.Prlimit(pid, resource, &unix.Rlimit{Cur: n, Max: n}, nil)
}
