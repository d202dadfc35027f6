package diskfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// OpenDir opens the directory path for [Names]; the caller closes it.
func OpenDir(path string) (*os.File, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return nil, err
		default:
			return os.NewFile(uintptr(fd), path), nil
		}
	}
}

// Names calls fn for every name in dir that does not begin with a dot, until fn returns false. kind is the type that the
// directory tells of the name, [UnknownType] where it does not. The name is fn's until it returns. Names reports whether
// all went well; failures are logged.
func Names(o Owner, dir *os.File, fn func(name []byte, kind fs.FileMode) bool) bool {
	ok, err := readDir(dir, func(name []byte, kind fs.FileMode) bool { return name[0] == '.' || fn(name, kind) })
	if err != nil {
		o.Logf(errlog.Crit, err, `readdir() "%s" failed`, dir.Name())
	}
	return ok && err == nil
}

// UnknownType is the type of a name whose file system does not keep types in directories.
const UnknownType = fs.ModeIrregular
