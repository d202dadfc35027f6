package autoindex

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
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
	ok = r.DirNames(dir, func(name string) bool {
		full := path + "/" + name
		info, err := os.Stat(full)
		if err != nil && !errors.Is(err, syscall.ENOENT) && !errors.Is(err, syscall.ELOOP) {
			r.Logf(errlog.Crit, err, `stat() "%s" failed`, full)
			return errors.Is(err, syscall.EACCES)
		}
		if err != nil {
			// A link that leads nowhere is listed as it is.
			if info, err = os.Lstat(full); err != nil {
				r.Logf(errlog.Crit, err, `lstat() "%s" failed`, full)
				return false
			}
		}
		entries = append(entries, entry{
			name: name, dir: info.IsDir(), file: info.Mode().IsRegular(),
			mtime: info.ModTime().Unix(), size: info.Size(),
		})
		return true
	})
	slices.SortFunc(entries, compare)
	return entries, ok
}

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
