package diskfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// Copy copies a file, with its permissions where access is 0, and its
// modification time where mtime is -1. Failures are logged.
func Copy(o Owner, from, to string, access fs.FileMode, mtime int64) bool {
	src, err := os.Open(from)
	if err != nil {
		o.Logf(errlog.Crit, err, `open() "%s" failed`, from)
		return false
	}
	defer func() { _ = src.Close() }()
	info, err := src.Stat()
	if err != nil {
		o.Logf(errlog.Alert, err, `fstat() "%s" failed`, from)
		return false
	}
	if access == 0 {
		access = info.Mode().Perm()
	}
	modified := info.ModTime().Truncate(time.Second)
	if mtime != -1 {
		modified = time.Unix(mtime, 0)
	}
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, access)
	if err != nil {
		o.Logf(errlog.Crit, err, `open() "%s" failed`, to)
		return false
	}
	n, err := io.CopyN(dst, src, info.Size())
	if closing := dst.Close(); err == nil {
		err = closing
	}
	switch {
	case errors.Is(err, io.EOF):
		o.Logf(errlog.Alert, nil, "read() has read only %d of %d from %s", n, info.Size(), from)
		return false
	case err != nil:
		o.Logf(errlog.Alert, err, `write() "%s" failed`, to)
		return false
	}
	if err := os.Chtimes(to, time.Now(), modified); err != nil {
		o.Logf(errlog.Alert, err, `utimes() "%s" failed`, to)
		return false
	}
	return true
}
