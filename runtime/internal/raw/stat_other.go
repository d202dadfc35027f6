//go:build unix && !(linux && (amd64 || arm64 || ppc64 || ppc64le || riscv64 || s390x))

package raw

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// Openat opens the NUL-terminated path relative to the directory dir, or to the
// working directory with unix.AT_FDCWD. O_CLOEXEC is added.
func Openat(dir int, path []byte, flags int, perm uint32) (int, syscall.Errno) {
	for {
		fd, err := unix.Openat(dir, string(path[:len(path)-1]), flags|unix.O_CLOEXEC, perm)
		if err == nil {
			return fd, 0
		}
		if e := statErrno(err); e != syscall.EINTR {
			return -1, e
		}
	}
}

// Statat describes the NUL-terminated path relative to dir; flags may be
// unix.AT_SYMLINK_NOFOLLOW.
func Statat(dir int, path []byte, flags int, st *Stat) syscall.Errno {
	var s unix.Stat_t
	if err := unix.Fstatat(dir, string(path[:len(path)-1]), &s, flags); err != nil {
		return statErrno(err)
	}
	st.set(&s)
	return 0
}

// Fstat describes an open file.
func Fstat(fd int, st *Stat) syscall.Errno {
	var s unix.Stat_t
	if err := unix.Fstat(fd, &s); err != nil {
		return statErrno(err)
	}
	st.set(&s)
	return 0
}

func (st *Stat) set(s *unix.Stat_t) {
	mtime, mfrac := s.Mtim.Unix()
	ctime, cfrac := s.Ctim.Unix()
	*st = Stat{
		Dev: uint64(s.Dev), Ino: uint64(s.Ino),
		Size: int64(s.Size), Blocks: int64(s.Blocks),
		Mtime: mtime*1e9 + mfrac, Ctime: ctime*1e9 + cfrac,
		Mode: uint32(s.Mode), UID: s.Uid,
		WholeSecs: cfrac == 0,
	}
}

func statErrno(err error) syscall.Errno {
	var e syscall.Errno
	if errors.As(err, &e) {
		return e
	}
	return syscall.EIO
}
