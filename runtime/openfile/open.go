package openfile

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

const (
	// readFlags do not hang on a FIFO without a writer; regular files ignore O_NONBLOCK.
	readFlags = unix.O_RDONLY | unix.O_NONBLOCK

	// settled is how long an inode must be unchanged before contents read now are
	// certain to belong to its times. The kernel's clock for inodes ticks every 1 to
	// 10 ms.
	settled = 100 * time.Millisecond
	// settledCoarse is settled for file systems whose clock has a resolution of one
	// or two seconds.
	settledCoarse = 3 * time.Second
)

// openPath opens the NUL-terminated path under the options' link rules.
func openPath(path []byte, o *Options) (fd int, e syscall.Errno, call string) {
	if o.Symlinks != SymlinksAllowed {
		return openNoLinks(path, o)
	}
	fd, e = raw.Openat(unix.AT_FDCWD, path, readFlags, 0)
	return fd, e, "open()"
}

// statPath describes the NUL-terminated path under the options' link rules.
func statPath(path []byte, o *Options, st *raw.Stat) (e syscall.Errno, call string) {
	if o.Symlinks == SymlinksAllowed {
		return raw.Statat(unix.AT_FDCWD, path, 0, st), "stat()"
	}
	fd, e, call := openNoLinks(path, o)
	if e != 0 {
		return e, call
	}
	e = raw.Fstat(fd, st)
	_ = syscall.Close(fd)
	return e, "fstat()"
}

// openStat opens and describes info's path. On success info has the facts and,
// unless the path is a directory, a descriptor of its own.
func (i *Info) openStat(o *Options) syscall.Errno {
	if o.TestDir {
		e, call := statPath(i.path, o, &i.st)
		if e != 0 {
			return i.fail(e, call)
		}
		if i.IsDir() {
			i.setStat(&i.st)
			return 0
		}
	}
	fd, e, call := openPath(i.path, o)
	if e != 0 {
		return i.fail(e, call)
	}
	if e := raw.Fstat(fd, &i.st); e != 0 {
		_ = syscall.Close(fd)
		return i.fail(e, "fstat()")
	}
	i.setStat(&i.st)
	if i.IsDir() {
		_ = syscall.Close(fd)
		return 0
	}
	i.FD, i.own = fd, true
	return 0
}

// cacheable reports whether contents read now may be kept.
func cacheable(st *raw.Stat) bool {
	if st.Mode&syscall.S_IFMT != syscall.S_IFREG || st.Size > MaxContent {
		return false
	}
	age := time.Duration(time.Now().UnixNano() - st.Ctime)
	if st.WholeSecs {
		return age > settledCoarse
	}
	return age > settled
}

// readAll reads size bytes from the start of fd; nil if there are fewer.
func readAll(fd int, size int64) []byte {
	b := make([]byte, size)
	for n := 0; n < len(b); {
		k, err := syscall.Pread(fd, b[n:], int64(n))
		if err == syscall.EINTR {
			continue
		}
		if err != nil || k == 0 {
			return nil
		}
		n += k
	}
	return b
}

// same reports whether two descriptions are of the same file in the same state.
func same(a, b *raw.Stat) bool {
	return a.Ino == b.Ino && a.Ctime == b.Ctime && a.Mtime == b.Mtime && a.Size == b.Size && a.Dev == b.Dev
}
