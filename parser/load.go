package parser

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// maxFile bounds what Load reads. nginx has no bound, but it also gives up at
// the first thing in a huge file that is no configuration.
const maxFile = 256 << 20

// FileError says why a configuration file could not be read, in nginx's words.
type FileError struct {
	// Op is the failed call: "open()" or "pread()".
	Op string
	// Path is the name of the file.
	Path string
	// Err is the cause, usually a syscall.Errno.
	Err error
	// NoLocation is set where nginx logs the failure at level crit and without
	// the location of the include directive, not at level emerg and with it.
	NoLocation bool
}

// Error returns nginx's text, without a location:
// open() "/etc/nginx/nginx.conf" failed (2: No such file or directory).
func (e *FileError) Error() string {
	var errno syscall.Errno
	if !errors.As(e.Err, &errno) {
		return fmt.Sprintf("%s %q failed (%v)", e.Op, e.Path, e.Err)
	}
	return fmt.Sprintf(`%s "%s" failed (%d: %s)`, e.Op, e.Path, int(errno), strerror(errno))
}

// Unwrap returns the cause, for errors.Is(err, fs.ErrNotExist).
func (e *FileError) Unwrap() error { return e.Err }

// strerror returns the text of the C library, which Go has with a small initial.
func strerror(errno syscall.Errno) string {
	s := errno.Error()
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// Load reads and parses the file at path. The error is a *FileError; what is
// wrong in the file itself is in the tree, see [Parse].
func Load(path string) (*File, error) {
	data, err := ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(cString(path), data), nil
}

// ReadFile reads a configuration file. The error is a *FileError.
//
// Like nginx it reads as many bytes as fstat(2) states as the size, which is none
// for a pipe or a device.
func ReadFile(path string) ([]byte, error) {
	path = cString(path)
	f, err := os.Open(path)
	if err != nil {
		return nil, newFileError("open()", path, err, false)
	}
	defer func() { _ = f.Close() }() // nothing was written

	info, err := f.Stat()
	if err != nil {
		return nil, newFileError("fstat()", path, err, true)
	}
	size := info.Size()
	if size > maxFile {
		return nil, newFileError("pread()", path, syscall.EFBIG, true)
	}
	data := make([]byte, size)
	if size > 0 {
		n, err := f.ReadAt(data, 0)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, newFileError("pread()", path, err, true)
		}
		data = data[:n] // the file shrank since fstat
	}
	return data, nil
}

func newFileError(op, path string, err error, noLocation bool) *FileError {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &FileError{Op: op, Path: path, Err: err, NoLocation: noLocation}
}

// cString cuts s where a C string ends.
func cString(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return s
}
