package httpd

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// BodyFile is ReadBody for a handler that makes the body a file of its own: it
// is in File, however small, unless the client announced none or it has been read
// before. The handler may rename the file; a file that is left under the old name is
// removed when the request ends.
func (r *Request) BodyFile() Result {
	r.Body.inFile = r.In.ContentLength >= 0 || r.In.Chunked
	return r.ReadBody()
}

// Move says how [Request.MoveFile] puts a file into its place.
type Move struct {
	Access     fs.FileMode // permissions of the file, 0: as they are
	PathAccess fs.FileMode // permissions of files, from which those of folders follow
	Time       int64       // its modification time, Unix seconds; -1: as it is
	MakePath   bool        // make the folders that are missing
	Delete     bool        // remove the file when it could not be moved
}

// MoveFile gives the file from its permissions and time and renames it to to,
// by way of a copy where the two lie on different file systems. Failures are
// logged.
func (r *Request) MoveFile(from, to string, m Move) bool {
	if m.Access != 0 {
		if err := os.Chmod(from, m.Access); err != nil {
			return r.notMoved(from, m, "chmod()", from, err)
		}
	}
	if m.Time != -1 {
		if err := os.Chtimes(from, time.Now(), time.Unix(m.Time, 0)); err != nil {
			return r.notMoved(from, m, "utimes()", from, err)
		}
	}
	err := syscall.Rename(from, to)
	if errors.Is(err, syscall.ENOENT) && m.MakePath {
		if err := makePath(to, conf.FolderAccess(m.PathAccess)); err != nil {
			return r.notMoved(from, m, "mkdir()", to, err)
		}
		err = syscall.Rename(from, to)
	}
	switch {
	case err == nil:
		return true
	case errors.Is(err, syscall.EXDEV):
		if r.moveAcross(from, to, m) {
			return true
		}
		r.dropMoved(from, m)
		return false
	}
	r.dropMoved(from, m)
	r.Logf(errlog.Crit, err, `rename() "%s" to "%s" failed`, from, to)
	return false
}

// notMoved logs a call that failed before anything was renamed.
func (r *Request) notMoved(from string, m Move, call, path string, err error) bool {
	r.Logf(errlog.Crit, err, `%s "%s" failed`, call, path)
	r.dropMoved(from, m)
	return false
}

// dropMoved removes a file that could not be moved.
func (r *Request) dropMoved(path string, m Move) {
	if m.Delete {
		r.unlink(path)
	}
}

func (r *Request) unlink(path string) {
	if err := syscall.Unlink(path); err != nil {
		r.Logf(errlog.Crit, err, `unlink() "%s" failed`, path)
	}
}

// moveAcross copies to a name beside the target, so that the target is either
// the old or the whole new file.
func (r *Request) moveAcross(from, to string, m Move) bool {
	number := strconv.FormatUint(r.NextNumber(), 10)
	beside := to + "." + "0000000000"[:max(10-len(number), 0)] + number
	if !r.CopyFile(from, beside, m.Access, m.Time) {
		return false
	}
	if err := syscall.Rename(beside, to); err != nil {
		r.Logf(errlog.Crit, err, `rename() "%s" to "%s" failed`, beside, to)
		r.unlink(beside)
		return false
	}
	if err := syscall.Unlink(from); err != nil {
		r.Logf(errlog.Crit, err, `unlink() "%s" failed`, from)
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

// CopyFile copies a file, with its permissions where access is 0, and its
// modification time where mtime is -1. Failures are logged.
func (r *Request) CopyFile(from, to string, access fs.FileMode, mtime int64) bool {
	src, err := os.Open(from)
	if err != nil {
		r.Logf(errlog.Crit, err, `open() "%s" failed`, from)
		return false
	}
	defer func() { _ = src.Close() }()
	info, err := src.Stat()
	if err != nil {
		r.Logf(errlog.Alert, err, `fstat() "%s" failed`, from)
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
		r.Logf(errlog.Crit, err, `open() "%s" failed`, to)
		return false
	}
	n, err := io.CopyN(dst, src, info.Size())
	if closing := dst.Close(); err == nil {
		err = closing
	}
	switch {
	case errors.Is(err, io.EOF):
		r.Logf(errlog.Alert, nil, "read() has read only %d of %d from %s", n, info.Size(), from)
		return false
	case err != nil:
		r.Logf(errlog.Alert, err, `write() "%s" failed`, to)
		return false
	}
	if err := os.Chtimes(to, time.Now(), modified); err != nil {
		r.Logf(errlog.Alert, err, `utimes() "%s" failed`, to)
		return false
	}
	return true
}
