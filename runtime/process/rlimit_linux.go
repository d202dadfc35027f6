package process

import "golang.org/x/sys/unix"

// setLimit sets both values of a limit of this process. Of another process it only raises the
// hard one to n, so that it may set the limit itself, and nothing has changed for it until then.
func setLimit(pid, resource int, n uint64) error {
	want := unix.Rlimit{Cur: n, Max: n}
	if pid != 0 {
		var now unix.Rlimit
		if err := unix.Prlimit(pid, resource, nil, &now); err != nil || now.Max >= n {
			return err
		}
		want.Cur = now.Cur
	}
	return unix.Prlimit(pid, resource, &want, nil)
}
