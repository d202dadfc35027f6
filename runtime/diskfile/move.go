package diskfile

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// MoveOptions say how [Move] puts a file into its place.
type MoveOptions struct {
	Access     fs.FileMode // permissions of the file, 0: as they are
	PathAccess fs.FileMode // permissions of files, from which those of folders follow
	Time       int64       // its modification time, Unix seconds; -1: as it is
	MakePath   bool        // make the folders that are missing
	Delete     bool        // remove the file when it could not be moved
}

// Move gives the file from its permissions and time and renames it to to,
// by way of a copy where the two lie on different file systems. Failures are
// logged.
func Move(o Owner, from, to string, m MoveOptions) bool {
	if m.Access != 0 {
		if err := os.Chmod(from, m.Access); err != nil {
			return notMoved(o, from, m, "chmod()", from, err)
		}
	}
	if m.Time != -1 {
		if err := os.Chtimes(from, time.Now(), time.Unix(m.Time, 0)); err != nil {
			return notMoved(o, from, m, "utimes()", from, err)
		}
	}
	err := syscall.Rename(from, to)
	if errors.Is(err, syscall.ENOENT) && m.MakePath {
		if err := makePath(to, conf.FolderAccess(m.PathAccess)); err != nil {
			return notMoved(o, from, m, "mkdir()", to, err)
		}
		err = syscall.Rename(from, to)
	}
	switch {
	case err == nil:
		return true
	case errors.Is(err, syscall.EXDEV):
		if moveAcross(o, from, to, m) {
			return true
		}
		dropMoved(o, from, m)
		return false
	}
	dropMoved(o, from, m)
	o.Logf(errlog.Crit, err, `rename() "%s" to "%s" failed`, from, to)
	return false
}

// notMoved logs a call that failed before anything was renamed.
func notMoved(o Owner, from string, m MoveOptions, call, path string, err error) bool {
	o.Logf(errlog.Crit, err, `%s "%s" failed`, call, path)
	dropMoved(o, from, m)
	return false
}

// dropMoved removes a file that could not be moved.
func dropMoved(o Owner, path string, m MoveOptions) {
	if m.Delete {
		unlink(o, path)
	}
}

func unlink(o Owner, path string) {
	if err := syscall.Unlink(path); err != nil {
		o.Logf(errlog.Crit, err, `unlink() "%s" failed`, path)
	}
}

// moveAcross copies to a name beside the target, so that the target is either
// the old or the whole new file.
func moveAcross(o Owner, from, to string, m MoveOptions) bool {
	number := strconv.FormatUint(o.Numbers().Add(1), 10)
	beside := to + "." + "0000000000"[:max(10-len(number), 0)] + number
	if !Copy(o, from, beside, m.Access, m.Time) {
		return false
	}
	if err := syscall.Rename(beside, to); err != nil {
		o.Logf(errlog.Crit, err, `rename() "%s" to "%s" failed`, beside, to)
		unlink(o, beside)
		return false
	}
	if err := syscall.Unlink(from); err != nil {
		o.Logf(errlog.Crit, err, `unlink() "%s" failed`, from)
		return false
	}
	return true
}

// makePath makes the folders above a file. A folder that may not be made is
// passed over: it may be there.
func makePath(file string, mode fs.FileMode) error {
	var denied error
	for i := 1; i < len(file); i++ {
		if file[i] != '/' {
			continue
		}
		err := syscall.Mkdir(file[:i], uint32(mode))
		switch {
		case errors.Is(err, syscall.EEXIST):
			denied = nil
		case errors.Is(err, syscall.EACCES):
			denied = err
		case err != nil:
			return err
		}
	}
	return denied
}
