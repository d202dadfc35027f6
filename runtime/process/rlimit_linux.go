package process

import "golang.org/x/sys/unix"

func setLimit(pid, resource int, n uint64) error {
	return unix.Prlimit(pid, resource, &unix.Rlimit{Cur: n, Max: n}, nil)
}
