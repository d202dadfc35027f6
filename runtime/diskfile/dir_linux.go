package diskfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// direntBuffer is how much is read of a directory at a time: some thousand names, as the C library has it.
const direntBuffer = 32 << 10

// Where the fields of struct linux_dirent64 begin.
const (
	direntLength = 16 // of the whole record, two bytes
	direntType   = 18
	direntName   = 19 // up to a NUL
)

// readDir calls fn for each name in dir, until fn returns false: not [os.File.ReadDir], which makes a string, and an
// object, of each.
func readDir(dir *os.File, fn func(name []byte, kind fs.FileMode) bool) (ok bool, err error) {
	fd := int(dir.Fd())
	buf := make([]byte, direntBuffer)
	for {
		n, err := unix.ReadDirent(fd, buf)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || n <= 0 {
			return err == nil, err
		}
		for rest := buf[:n]; len(rest) > direntName; {
			length := int(binary.NativeEndian.Uint16(rest[direntLength:]))
			if length <= direntName || length > len(rest) {
				return false, syscall.EIO // the system does not do this
			}
			name, _, _ := bytes.Cut(rest[direntName:length], []byte{0})
			if len(name) > 0 && !fn(name, typeOf(rest[direntType])) {
				return false, nil
			}
			rest = rest[length:]
		}
	}
}

// typeOf makes a file type of d_type.
func typeOf(kind byte) fs.FileMode {
	switch kind {
	case unix.DT_REG:
		return 0
	case unix.DT_DIR:
		return fs.ModeDir
	case unix.DT_LNK:
		return fs.ModeSymlink
	case unix.DT_UNKNOWN:
		return UnknownType
	}
	return fs.ModeDevice // a socket or a pipe, too: no caller distinguishes them
}
