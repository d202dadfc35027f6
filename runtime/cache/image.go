package cache

import (
	"sync/atomic"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// MaxContent is the size in bytes up to which the body of an entry is kept in memory.
const MaxContent = 32 << 10

// image is a file as it was read: all of it, or all before the body and a descriptor. It does
// not change. The descriptor is closed with the last reference; memory is left to the garbage
// collector.
type image struct {
	layout
	meta       Meta
	text, head []byte
	body       []byte // nil: in fd
	fd         int    // -1: body is in memory
	err        error  // what is wrong with the file
	refs       atomic.Int32
	mem        int64    // what it takes, in bytes
	st         raw.Stat // of the file
	key        Key
	clean      atomic.Uint64 // the number of the latest purge that is known not to mean it
	used       atomic.Bool   // since hotSet has looked
	prev, next *image        // in hotSet, whose lock guards them and gone
	gone       bool          // it is not to be taken into hotSet any more
	seen       atomic.Int64  // when the file was last seen to be there, of clock.Mono
}

// overhead is about what an image takes besides the bytes of its file.
const overhead = 512

// cost is what hotSet counts for an image.
func (i *image) cost() int64 { return i.mem + overhead }

func (i *image) release() {
	if i.fd >= 0 && i.refs.Add(-1) == 0 {
		_ = syscall.Close(i.fd) // opened for reading: nothing can be lost
	}
}

// same reports whether two descriptions are of one file in the same state.
func same(a, b *raw.Stat) bool {
	return a.Ino == b.Ino && a.Ctime == b.Ctime && a.Mtime == b.Mtime && a.Size == b.Size && a.Dev == b.Dev
}

// Entry is an open entry. The zero value is ready for use; it may be used again after Close.
type Entry struct {
	Meta
	Head []byte // the response's head, as it was given to Create
	Body []byte // the whole body, read-only, when it is in memory; else nil
	FD   int    // else the file that has it, -1 with Body. Read by offset only: requests share it
	Off  int64  // where the body begins in FD
	Size int64  // length of the body
	// Epoch is for the Query of a variant.
	Epoch uint64
	img   *image
	_     noCopy
}

// Close gives back what Open has handed out. It may be called on a closed Entry.
func (e *Entry) Close() {
	if e.img != nil {
		e.img.release()
	}
	*e = Entry{FD: -1}
}

// take hands an image, of which the caller has a reference, to e.
func (e *Entry) take(i *image) {
	e.Meta, e.Head, e.Body, e.FD = i.meta, i.head, i.body, i.fd
	e.Off, e.Size, e.img = int64(i.bodyStart), i.bodyLen, i
	e.Epoch = i.epoch
}
