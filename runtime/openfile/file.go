package openfile

import (
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// contentAge is how long cached contents are valid while stat shows no change. A write to a shared mapping changes mtime only
// when a clean page is written to for the first time, and not again until the kernel has written the page back. Only reading the
// file shows the writes in between. So a file that is requested all the time is read once a second.
const contentAge = time.Second

// MaxContent is the size in bytes up to which a regular file's contents are cached.
const MaxContent = 32 << 10

// file is an open file or the contents of a small one. It does not change once it
// is shared. A descriptor is closed when the last reference is released; contents
// are left to the garbage collector.
type file struct {
	refs    atomic.Int32
	fd      int // -1 for contents and directories
	st      raw.Stat
	content []byte
	read    int64 // when content was read, of clock.Mono
	etag    []byte
	date    []byte
}

// newFile makes a shareable file, with one reference, of what info opened. The
// descriptor moves from info to the file, or is closed when content replaces it.
func newFile(info *Info, content []byte) *file {
	f := &file{fd: -1, st: info.st, content: content, read: clock.Mono()}
	if info.own {
		if content == nil {
			f.fd = info.FD
		} else {
			_ = syscall.Close(info.FD)
		}
		info.FD, info.own = -1, false
	}
	text := make([]byte, 0, 64)
	text = appendETag(text, info.Mtime, info.Size)
	n := len(text)
	text = appendHTTPDate(text, info.Mtime)
	f.etag, f.date = text[:n:n], text[n:]
	f.refs.Store(1)
	return f
}

func (f *file) release() {
	if f.fd >= 0 && f.refs.Add(-1) == 0 {
		_ = syscall.Close(f.fd)
	}
}

// stale reports whether contents have to be read again although stat shows no change.
func (f *file) stale() bool { return f.content != nil && clock.Mono()-f.read >= int64(contentAge) }

func (f *file) isDir() bool { return f.st.Mode&syscall.S_IFMT == syscall.S_IFDIR }
