package openfile

import (
	"strconv"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// Info is the outcome of Cache.Open. The zero value is ready for use; a value may
// be reused after Close and then allocates nothing. Its results are valid until Close.
type Info struct {
	// Content is the whole file, read-only, when it is a regular file small enough
	// to be cached; an empty file has a non-nil empty Content. Otherwise it is nil.
	Content []byte
	// FD is the open file when Content is nil and the path is no directory, else
	// -1. Read it by offset only: requests share it.
	FD int

	Size  int64 // bytes
	Mtime int64 // last modification, seconds since 1970

	// Err is why Open failed, 0 on success, and Failed the call that did:
	// "open()", "openat()", "stat()" or "fstat()".
	Err    syscall.Errno
	Failed string

	st   raw.Stat
	path []byte // the path with its NUL; scratch that survives Close
	text []byte // scratch for ETag and LastModified
	file *file  // shared with a cache; nil when the descriptor is ours alone
	etag []byte // computed, or the file's
	date []byte // computed, or the file's
	own  bool   // FD is ours to close
	_    noCopy
}

type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}

// IsDir reports a directory. It has neither Content nor FD.
func (i *Info) IsDir() bool { return i.st.Mode&syscall.S_IFMT == syscall.S_IFDIR }

// IsFile reports a regular file. What is neither this nor a directory (a device, a
// FIFO, a socket) has an FD.
func (i *Info) IsFile() bool { return i.st.Mode&syscall.S_IFMT == syscall.S_IFREG }

// IsExec reports the owner's permission to execute, nginx's test for -x.
func (i *Info) IsExec() bool { return i.st.Mode&syscall.S_IXUSR != 0 }

// Mode is st_mode, Ino the inode number and Dev the device.
func (i *Info) Mode() uint32 { return i.st.Mode }

// Ino is the inode number, nginx's "uniq": it changes when a file is replaced.
func (i *Info) Ino() uint64 { return i.st.Ino }

// MtimeNano is the last modification in nanoseconds since 1970.
func (i *Info) MtimeNano() int64 { return i.st.Mtime }

// DiskSize is what the file occupies on disk in bytes, nginx's fs_size.
func (i *Info) DiskSize() int64 { return i.st.Blocks * 512 }

// ETag is nginx's entity tag: quoted mtime and size in hexadecimal.
func (i *Info) ETag() []byte {
	if i.etag == nil {
		n := len(i.text)
		i.text = appendETag(i.text, i.Mtime, i.Size)
		i.etag = i.text[n:len(i.text):len(i.text)]
	}
	return i.etag
}

// LastModified is the modification time as the header carries it, e.g.
// "Mon, 28 Sep 1970 06:00:00 GMT".
func (i *Info) LastModified() []byte {
	if i.date == nil {
		n := len(i.text)
		i.text = appendHTTPDate(i.text, i.Mtime)
		i.date = i.text[n:len(i.text):len(i.text)]
	}
	return i.date
}

// Close gives back what Open handed out. It may be called on a failed or closed
// Info; Open calls it itself.
func (i *Info) Close() {
	switch {
	case i.file != nil:
		i.file.release()
	case i.own:
		_ = syscall.Close(i.FD) // opened for reading: nothing can be lost
	}
	*i = Info{FD: -1, path: i.path[:0], text: i.text[:0]}
}

// take publishes a file's facts; the caller has counted the reference.
func (i *Info) take(f *file) {
	i.file = f
	i.FD, i.Content = f.fd, f.content
	i.etag, i.date = f.etag, f.date
	i.setStat(&f.st)
}

func (i *Info) setStat(st *raw.Stat) {
	i.st = *st
	i.Size = st.Size
	i.Mtime = floorSeconds(st.Mtime)
}

func (i *Info) fail(e syscall.Errno, call string) syscall.Errno {
	i.Err, i.Failed = e, call
	return e
}

// setPath keeps the path with the NUL that system calls want. A path that
// contains a NUL names no file.
func (i *Info) setPath(path []byte) bool {
	i.path = append(append(i.path[:0], path...), 0)
	for _, c := range path {
		if c == 0 {
			return false
		}
	}
	return true
}

func floorSeconds(ns int64) int64 { return time.Unix(0, ns).Unix() }

func appendETag(b []byte, mtime, size int64) []byte {
	b = append(b, '"')
	b = strconv.AppendUint(b, uint64(mtime), 16)
	b = append(b, '-')
	b = strconv.AppendInt(b, size, 16)
	return append(b, '"')
}

func appendHTTPDate(b []byte, sec int64) []byte {
	return time.Unix(sec, 0).UTC().AppendFormat(b, "Mon, 02 Jan 2006 15:04:05 GMT")
}
