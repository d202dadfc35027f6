package process

import "syscall"

func setOpenFiles(n uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: int64(n), Max: int64(n)})
}

func setCore(n uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{Cur: int64(n), Max: int64(n)})
}
