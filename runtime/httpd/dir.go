package httpd

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// OpenDir opens the directory path for [Request.DirNames]; the caller closes it. Where that fails the reason is
// logged and the result is the code to answer with.
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

// DirNames calls fn for every name in dir that does not begin with a dot, until fn returns false. kind is the type that the
// directory tells of the name, [UnknownType] where it does not. The name is fn's until it returns. DirNames reports whether
// all went well; failures are logged.
func (r *Request) DirNames(dir *os.File, fn func(name []byte, kind fs.FileMode) bool) bool {
	ok, err := readDir(dir, func(name []byte, kind fs.FileMode) bool { return name[0] == '.' || fn(name, kind) })
	if err != nil {
		r.Logf(errlog.Crit, err, `readdir() "%s" failed`, dir.Name())
	}
	return ok && err == nil
}

// UnknownType is the type of a name whose file system does not keep types in directories.
const UnknownType = fs.ModeIrregular
