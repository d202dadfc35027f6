package autoindex

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// entry is a name in a directory and what it leads to.
type entry struct {
	name      string
	dir, file bool  // neither: something else
	mtime     int64 // Unix seconds
	size      int64
}

// list reads the entries of a directory, in the order of the listing.
func list(r *httpd.Request, dir *os.File, path string) (entries []entry, ok bool) {
	full := append([]byte(path), '/')
	folder := len(full)
	ok = r.DirNames(dir, func(name string) bool {
		full = append(append(full[:folder], name...), 0) // for the system call
		shown := full[:len(full)-1]
		var st raw.Stat
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
		entries = append(entries, entry{
			name: name, dir: kind == syscall.S_IFDIR, file: kind == syscall.S_IFREG,
			mtime: floorSeconds(st.Mtime), size: st.Size,
		})
		return true
	})
	slices.SortFunc(entries, compare)
	return entries, ok
}

// floorSeconds makes seconds of nanoseconds; times before 1970 are rounded down, too.
func floorSeconds(ns int64) int64 { return time.Unix(0, ns).Unix() }

// compare puts directories first.
func compare(a, b entry) int {
	if a.dir != b.dir {
		if a.dir {
			return -1
		}
		return 1
	}
	return strings.Compare(a.name, b.name)
}

// localOffset is how many seconds local time is ahead of UTC now.
func localOffset() int64 {
	_, offset := time.Now().Zone()
	return int64(offset)
}
