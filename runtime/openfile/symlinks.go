package openfile

import (
	"bytes"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// openNoLinks walks the path one component at a time, so that no symbolic link is
// followed (or only those that their target's owner made). While a component is
// opened, the slash behind it is replaced by the NUL that ends a C string.
func openNoLinks(path []byte, o *Options) (fd int, e syscall.Errno, call string) {
	dir, rest, e, call := openStart(path, o)
	if e != 0 {
		return -1, e, call
	}
	for {
		n := bytes.IndexByte(rest, '/')
		if n < 0 {
			break
		}
		if n == 0 {
			rest = rest[1:]
			continue
		}
		rest[n] = 0
		fd, e = openComponent(dir, rest[:n+1], searchFlags, o)
		rest[n] = '/'
		closeDir(dir)
		if e != 0 {
			return -1, e, "openat()"
		}
		dir, rest = fd, rest[n+1:]
	}
	if len(rest) == 1 {
		// A trailing slash: the last component has been opened for the search only.
		// "." opens it for reading, and is ENOTDIR when it is no directory.
		fd, e = raw.Openat(dir, dot[:], readFlags, 0)
	} else {
		fd, e = openComponent(dir, rest, readFlags, o)
	}
	closeDir(dir)
	return fd, e, "openat()"
}

// openStart opens the directory that the walk begins in and returns what of the
// path remains.
func openStart(path []byte, o *Options) (dir int, rest []byte, e syscall.Errno, call string) {
	if n := o.SymlinksFrom; n > 0 && n < len(path) && path[n] == '/' {
		path[n] = 0
		dir, e = raw.Openat(unix.AT_FDCWD, path[:n+1], searchFlags, 0)
		path[n] = '/'
		return dir, path[n+1:], e, "open()"
	}
	if path[0] == '/' {
		dir, e = raw.Openat(unix.AT_FDCWD, root[:], searchFlags, 0)
		return dir, path[1:], e, "openat()"
	}
	return unix.AT_FDCWD, path, 0, ""
}

var (
	root = [2]byte{'/', 0}
	dot  = [2]byte{'.', 0}
)

func openComponent(dir int, name []byte, flags int, o *Options) (int, syscall.Errno) {
	if o.Symlinks == SymlinksIfOwner {
		return openIfOwner(dir, name, flags)
	}
	return raw.Openat(dir, name, flags|unix.O_NOFOLLOW, 0)
}

// openIfOwner opens name and compares the owner of what was opened with the owner
// of the directory entry itself. Both are always compared: whether the entry was a
// link at the time of the open cannot be known afterwards.
func openIfOwner(dir int, name []byte, flags int) (int, syscall.Errno) {
	fd, e := raw.Openat(dir, name, flags, 0)
	if e != 0 {
		return -1, e
	}
	var entry, target raw.Stat
	e = raw.Statat(dir, name, unix.AT_SYMLINK_NOFOLLOW, &entry)
	if e == 0 {
		e = raw.Fstat(fd, &target)
	}
	if e == 0 && entry.UID != target.UID {
		e = syscall.ELOOP
	}
	if e != 0 {
		_ = syscall.Close(fd)
		return -1, e
	}
	return fd, 0
}

func closeDir(fd int) {
	if fd != unix.AT_FDCWD {
		_ = syscall.Close(fd)
	}
}
