package tlsconf

import (
	"bytes"
	"errors"
	"io/fs"
	"strconv"
	"syscall"
)

// maxPassword is the longest line of a password file, its end included.
const maxPassword = 512

// ReadPasswords reads ssl_password_file: one password a line, empty lines left
// out. A file without any holds the empty password. The error is worded as nginx
// logs it, up to the " in FILE:LINE" the caller adds.
func ReadPasswords(read ReadFile, name string) ([][]byte, error) {
	data, err := read(name)
	if err != nil {
		return nil, fileError("open", name, err)
	}
	var list [][]byte
	for line := range bytes.Lines(data) {
		if len(line) > maxPassword {
			return nil, errors.New(`too long line in "` + name + `"`)
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte{'\n'}), []byte{'\r'})
		if len(line) > 0 {
			list = append(list, line)
		}
	}
	if list == nil {
		list = [][]byte{{}}
	}
	return list, nil
}

// fileError words a failed system call as nginx does:
// `open() "/x" failed (2: No such file or directory)`.
func fileError(call, name string, err error) error {
	text := err.Error()
	var path *fs.PathError
	if errors.As(err, &path) {
		call, text = path.Op, path.Err.Error()
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		text = strconv.Itoa(int(errno)) + ": " + strerror(errno)
	}
	return &Error{Op: call + `() "` + name + `" failed (` + text + `)`, Cause: err}
}
