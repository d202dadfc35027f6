//go:build linux && (amd64 || arm64 || ppc64 || ppc64le || riscv64 || s390x)

package raw

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Paths are bytes that end with a NUL, so that a call costs no copy. These calls
// may wait for a disk and therefore enter the scheduler's syscall state.

// Openat opens the NUL-terminated path relative to the directory dir, or to the
// working directory with unix.AT_FDCWD. O_CLOEXEC is added.
func Openat(dir int, path []byte, flags int, perm uint32) (int, syscall.Errno) {
	for {
		fd, _, e := syscall.Syscall6(unix.SYS_OPENAT, uintptr(dir), uintptr(unsafe.Pointer(&path[0])),
			uintptr(flags|unix.O_CLOEXEC|unix.O_LARGEFILE), uintptr(perm), 0, 0)
		if e == 0 {
			return int(fd), 0
		}
		if e != syscall.EINTR {
			return -1, e
		}
	}
}

// Statat describes the NUL-terminated path relative to dir; flags may be
// unix.AT_SYMLINK_NOFOLLOW.
func Statat(dir int, path []byte, flags int, st *Stat) syscall.Errno {
	var s unix.Stat_t
	_, _, e := syscall.Syscall6(unix.SYS_NEWFSTATAT, uintptr(dir), uintptr(unsafe.Pointer(&path[0])),
		uintptr(unsafe.Pointer(&s)), uintptr(flags), 0, 0)
	if e == 0 {
		st.set(&s)
	}
	return e
}

// Fstat describes an open file.
func Fstat(fd int, st *Stat) syscall.Errno {
	var s unix.Stat_t
	_, _, e := syscall.Syscall(unix.SYS_FSTAT, uintptr(fd), uintptr(unsafe.Pointer(&s)), 0)
	if e == 0 {
		st.set(&s)
	}
	return e
}

func (st *Stat) set(s *unix.Stat_t) {
	mtime, mfrac := s.Mtim.Unix()
	ctime, cfrac := s.Ctim.Unix()
	*st = Stat{
		Dev: uint64(s.Dev), Ino: s.Ino, //nolint:unconvert // the field's type differs by architecture
		Size: s.Size, Blocks: s.Blocks,
		Mtime: mtime*1e9 + mfrac, Ctime: ctime*1e9 + cfrac,
		Mode: s.Mode, UID: s.Uid,
		WholeSecs: cfrac == 0,
	}
}
