package cache

import (
	"bytes"
	"errors"
	"hash/crc32"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// Fill is a response on its way into the cache. The zero value is ready for Create; it may be
// used again after Commit or Abort. One goroutine uses it. What goes wrong is logged, once,
// and costs the entry only: the response goes on to the client.
type Fill struct {
	ref     *Ref
	o       diskfile.Owner
	temp    *diskfile.TempPath // nil: beside the entry
	buf     []byte             // the block; then the body while it is small
	block   int                // length of the block in buf
	file    *os.File           // nil: all is in buf
	size    int64              // of the body so far
	sum     uint32             // of the body so far
	purged  uint32             // of the node, when it was looked up
	gen     uint64             // the number of the latest purge then
	failed  bool
	started bool
	_       noCopy
}

var errFill = errors.New("the response is not stored")

// Create begins to store the response with the head head for the key that r holds. false: it
// cannot be stored. r is held, and not moved, until Commit or Abort.
func (r *Ref) Create(f *Fill, q *Query, m *Meta, head []byte) bool {
	if r.node == nil || len(m.Vary) > MaxVary || len(q.Text)+len(head)+fixedSize+MaxETag+MaxVary > maxBlock {
		return false
	}
	f.ref, f.o, f.started = r, q.Owner, true
	if r.zone.opts.Load().UseTempPath {
		f.temp = q.Temp
	}
	f.purged, f.gen = r.purged, r.gen
	epoch := r.epoch
	if epoch == 0 {
		epoch = f.gen
	}
	f.buf = appendBlock(f.buf[:0], m, q.Text, head, f.gen, epoch)
	f.block = len(f.buf)
	return true
}

// Write adds a piece of the body, which may be used again then. After a failure it returns an
// error at once.
func (f *Fill) Write(p []byte) (int, error) {
	if f.failed || !f.started {
		return 0, errFill
	}
	f.sum = crc32.Update(f.sum, crcTable, p)
	f.size += int64(len(p))
	if f.file == nil {
		if f.size <= MaxContent {
			f.buf = append(f.buf, p...)
			return len(p), nil
		}
		if !f.open() {
			return 0, f.fail()
		}
		if err := f.spill(); err != nil {
			return 0, f.failWrite(err)
		}
	}
	if _, err := f.file.Write(p); err != nil {
		return 0, f.failWrite(err)
	}
	return len(p), nil
}

// spill writes what is in buf to the new file. The block is filled up to whole pages: sending a
// body that begins with a page takes less of the system.
func (f *Fill) spill() error {
	body := f.buf[f.block:]
	block := padBlock(f.buf[:f.block:f.block])
	clear(block[:len(magic)]) // written last: until then the file is not an entry
	_, err := f.file.Write(block)
	if err == nil {
		_, err = f.file.Write(body)
	}
	copy(block, magic[:])
	f.buf, f.block = block, len(block)
	return err
}

// Size is the length of the body so far.
func (f *Fill) Size() int64 { return f.size }

// Active reports whether there is something to commit.
func (f *Fill) Active() bool { return f.started && !f.failed }

// File is where the body is being written, and where in it it begins; nil while it is in memory. All
// that Write has taken is in it. Whoever reads it opens it anew by its name: it is closed when the
// entry is in its place.
func (f *Fill) File() (file *os.File, off int64) { return f.file, int64(f.block) }

func (f *Fill) failWrite(err error) error {
	f.o.Logf(errlog.Crit, err, `write() "%s" failed`, f.file.Name())
	return f.fail()
}

func (f *Fill) fail() error {
	f.failed = true
	f.discard()
	return errFill
}

// discard removes the temporary file.
func (f *Fill) discard() {
	if f.file == nil {
		return
	}
	name := f.file.Name()
	_ = f.file.Close() // it is removed
	f.file = nil
	if err := syscall.Unlink(name); err != nil {
		f.o.Logf(errlog.Crit, err, `unlink() "%s" failed`, name)
	}
}

// Abort gives up what Create has begun. It may be called after Commit.
func (f *Fill) Abort() {
	if f.started {
		f.discard()
	}
	f.reset()
}

func (f *Fill) reset() {
	buf := f.buf[:0]
	if cap(buf) > MaxContent+firstRead {
		buf = nil
	}
	*f = Fill{buf: buf}
}

// Commit puts the entry into its place: the next Open finds it. The key's lock ends. It
// reports whether there is an entry now.
func (f *Fill) Commit() bool {
	if !f.Active() {
		f.Abort()
		return false
	}
	defer f.reset()
	stamp := time.Now().UnixNano() / 1000 * 1000
	sealBlock(f.buf[:f.block], f.size, f.sum, stamp)
	small := f.file == nil
	if small && !f.open() {
		return false
	}
	if _, err := f.file.WriteAt(f.buf, 0); err != nil {
		_ = f.failWrite(err)
		return false
	}
	name := f.file.Name()
	err := f.file.Close()
	f.file = nil
	if err != nil {
		f.o.Logf(errlog.Crit, err, `close() "%s" failed`, name)
		return false
	}
	return f.place(name, stamp, small)
}

// place renames the temporary file. small says that buf has all of it.
func (f *Fill) place(name string, stamp int64, small bool) bool {
	r, n, s := f.ref, f.ref.node, f.ref.shard
	s.mu.Lock()
	s.lockFile(n)
	stale := n.purged != f.purged || f.gen < r.zone.purge.retired.Load()
	s.mu.Unlock()
	var st raw.Stat
	ok := false
	if stale {
		remove(f.o, name)
	} else {
		ok = diskfile.Move(f.o, name, string(r.Path()), diskfile.MoveOptions{Time: -1, PathAccess: 0o600, MakePath: true, Delete: true}) &&
			f.describe(stamp, &st)
	}
	s.mu.Lock()
	s.unlockFile(n)
	if ok {
		r.zone.hot.drop(n)
		n.exists, n.status = true, 0
		r.zone.setBlocks(n, r.zone.blocksOf(&st))
		n.verified = fileID{st.Ino, st.Mtime}
		n.clean = f.gen
	}
	wanted := n.waiters.First() != nil
	s.mu.Unlock()
	if ok {
		if small && wanted {
			f.keep(&st)
		}
		r.zone.grown()
	}
	s.mu.Lock()
	if ok && n.updating {
		// A request that has taken over a lock that was too old may go on, but no other waits for it any more.
		n.unlock(clock.Mono())
	}
	r.unlock()
	s.mu.Unlock()
	return ok
}

// keep keeps the entry in memory for those that wait for it.
func (f *Fill) keep(st *raw.Stat) {
	b := bytes.Clone(f.buf)
	i := &image{fd: -1, st: *st, key: f.ref.key, mem: int64(len(b))}
	if i.readFixed(b) != nil {
		return // it was made here: this does not happen
	}
	var err error
	if i.text, i.head, err = i.readBlock(b, &i.meta); err != nil {
		return
	}
	i.body = b[i.bodyStart:]
	i.refs.Store(1)
	i.seen.Store(clock.Mono())
	f.ref.zone.keep(f.ref.shard, f.ref.node, i)
	i.release()
}

// unlock ends the lock that r has, if it has. The shard is locked.
func (r *Ref) unlock() {
	if r.lockID != 0 && r.node.lockID == r.lockID && r.node.updating {
		r.node.unlock(clock.Mono())
	}
	r.lockID = 0
}

// describe gives the entry's file the time that its block has, and reads its size.
func (f *Fill) describe(stamp int64, st *raw.Stat) bool {
	setTime(string(f.ref.Path()), stamp)
	errno := raw.Statat(unix.AT_FDCWD, f.ref.path(), 0, st)
	if errno != 0 && errno != syscall.ENOENT { // it may have been removed already
		f.o.Logf(errlog.Crit, errno, `stat() "%s" failed`, f.ref.Path())
	}
	return errno == 0
}

// open makes the temporary file.
func (f *Fill) open() bool {
	var err error
	if f.temp != nil {
		f.file, err = f.temp.Create(f.o)
	} else {
		f.file, err = createBeside(f.o, string(f.ref.Path()))
	}
	return err == nil
}
