package autoindex

import (
	"errors"
	"io"
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

// OpenDir opens the directory path for reading its names. Where that fails the
// reason is logged and the result is the code to answer with.
func OpenDir(r *httpd.Request, path string) (*os.File, httpd.Result) {
	fd, err := openDir(path)
	if err == nil {
		return os.NewFile(uintptr(fd), path), httpd.OK
	}
	lv, rc := errlog.Error, httpd.StatusNotFound
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ENAMETOOLONG):
	case errors.Is(err, syscall.EACCES):
		rc = httpd.StatusForbidden
	default:
		lv, rc = errlog.Crit, httpd.StatusInternalServerError
	}
	r.Logf(lv, err, `opendir() "%s" failed`, path)
	return nil, rc
}

func openDir(path string) (int, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
		if err != syscall.EINTR {
			return fd, err
		}
	}
}

// batch is how many names are read at a time.
const batch = 256

// Names calls fn for every name in dir that does not begin with a dot, until
// fn returns false. It reports whether all went well; failures are logged.
func Names(r *httpd.Request, dir *os.File, fn func(name string) bool) bool {
	for {
		names, err := dir.Readdirnames(batch)
		for _, name := range names {
			if !strings.HasPrefix(name, ".") && !fn(name) {
				return false
			}
		}
		if err == io.EOF {
			return true
		}
		if err != nil {
			r.Logf(errlog.Crit, err, `readdir() "%s" failed`, dir.Name())
			return false
		}
	}
}

// list reads the entries of a directory, in the order of the listing.
func list(r *httpd.Request, dir *os.File, path string) (entries []entry, ok bool) {
	ok = Names(r, dir, func(name string) bool {
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
