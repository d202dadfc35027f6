package autoindex

import (
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// list reads the entries of a directory, in the order of the listing.
func list(r *httpd.Request, dir *os.File, path string) (l *listing, ok bool) {
	l = &listing{}
	full := append([]byte(path), '/')
	folder := len(full)
	var st raw.Stat
	ok = diskfile.Names(r, dir, func(name []byte, _ fs.FileMode) bool {
		full = append(append(full[:folder], name...), 0) // for the system call
		shown := full[:len(full)-1]
		errno := raw.Statat(unix.AT_FDCWD, full, 0, &st)
		if errno != 0 && errno != syscall.ENOENT && errno != syscall.ELOOP {
			r.Logf(errlog.Crit, errno, `stat() "%s" failed`, shown)
			return errno == syscall.EACCES
		}
		if errno != 0 {
			// A link that leads nowhere is listed as it is.
			if errno = raw.Statat(unix.AT_FDCWD, full, unix.AT_SYMLINK_NOFOLLOW, &st); errno != 0 {
				r.Logf(errlog.Crit, errno, `lstat() "%s" failed`, shown)
				return false
			}
		}
		kind := st.Mode & syscall.S_IFMT
		l.add(entry{
			name: name, dir: kind == syscall.S_IFDIR, file: kind == syscall.S_IFREG,
			mtime: floorSeconds(st.Mtime), size: st.Size,
		})
		return true
	})
	l.sort()
	return l, ok
}

// floorSeconds makes seconds of nanoseconds; times before 1970 are rounded down, too.
func floorSeconds(ns int64) int64 { return time.Unix(0, ns).Unix() }

// localOffset is how many seconds local time is ahead of UTC now.
func localOffset() int64 {
	_, offset := time.Now().Zone()
	return int64(offset)
}
