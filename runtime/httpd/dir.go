package httpd

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// OpenDir opens the directory path for [Request.DirNames] or
// [Request.DirEntries]; the caller closes it. Where that fails the reason is logged and the result is the code to
// answer with.
func (r *Request) OpenDir(path string) (*os.File, Result) {
	fd, err := openDir(path)
	if err == nil {
		return os.NewFile(uintptr(fd), path), OK
	}
	lv, rc := errlog.Error, StatusNotFound
	switch {
	case notFound(err):
	case errors.Is(err, syscall.EACCES):
		rc = StatusForbidden
	default:
		lv, rc = errlog.Crit, StatusInternalServerError
	}
	r.Logf(lv, err, `opendir() "%s" failed`, path)
	return nil, rc
}

func openDir(path string) (int, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
		if !errors.Is(err, syscall.EINTR) {
			return fd, err
		}
	}
}

// dirBatch is how many names are read at a time.
const dirBatch = 256

// DirNames calls fn for every name in dir that does not begin with a dot,
// until fn returns false. It reports whether all went well; failures are
// logged.
func (r *Request) DirNames(dir *os.File, fn func(name string) bool) bool {
	return readDir(r, dir, dir.Readdirnames, func(name string) bool { return strings.HasPrefix(name, ".") || fn(name) })
}

// DirEntries is DirNames with what the directory says of the type of each name.
func (r *Request) DirEntries(dir *os.File, fn func(e os.DirEntry) bool) bool {
	return readDir(r, dir, dir.ReadDir, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") || fn(e) })
}

// readDir calls fn for everything that read returns of dir, until fn returns
// false, and logs a failure.
func readDir[E any](r *Request, dir *os.File, read func(n int) ([]E, error), fn func(E) bool) bool {
	for {
		batch, err := read(dirBatch)
		for _, e := range batch {
			if !fn(e) {
				return false
			}
		}
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			r.Logf(errlog.Crit, err, `readdir() "%s" failed`, dir.Name())
			return false
		}
	}
}
