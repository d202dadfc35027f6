package process

import "syscall"

// CanLimitOthers says that limits can be set for another process.
const CanLimitOthers = false

func setLimit(_, resource int, n uint64) error {
	return syscall.Setrlimit(resource, &syscall.Rlimit{Cur: int64(n), Max: int64(n)})
}
