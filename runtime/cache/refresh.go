package cache

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// Refresh gives the entry that r holds, open as e, the freshness f after its validation. When
// the file has been replaced or removed meanwhile nothing happens. e stays as it is.
func (r *Ref) Refresh(o diskfile.Owner, e *Entry, f Freshness) {
	if r.node == nil || e.img == nil {
		return
	}
	s, n := r.shard, r.node
	s.mu.Lock()
	s.lockFile(n)
	s.mu.Unlock()
	r.rewrite(o, e.img, &f)
	s.mu.Lock()
	r.zone.hot.drop(n) // it is read again
	s.unlockFile(n)
	s.mu.Unlock()
}

// rewrite writes the slot of the file that does not count. The file is r's.
func (r *Ref) rewrite(o diskfile.Owner, img *image, f *Freshness) {
	fd, errno := raw.Openat(unix.AT_FDCWD, r.path(), unix.O_RDWR|unix.O_NONBLOCK, 0)
	if errno != 0 {
		if !errors.Is(errno, syscall.ENOENT) {
			o.Logf(errlog.Crit, errno, `open() "%s" failed`, r.Path())
		}
		return
	}
	defer func() { _ = syscall.Close(fd) }()
	var st raw.Stat
	if errno := raw.Fstat(fd, &st); errno != 0 {
		o.Logf(errlog.Crit, errno, `fstat() "%s" failed`, r.Path())
		return
	}
	if st.Ino != img.st.Ino || st.Size != img.st.Size || st.Mtime != img.st.Mtime { // or edited since: its time is to show that
		return
	}
	b, err := readStart(fd, img.bodyStart)
	if err != nil {
		o.Logf(errlog.Crit, err, `read() "%s" failed`, r.Path())
		return
	}
	var l layout
	var m Meta
	if _, _, err := l.readBlock(b, &m); err != nil || l.stamp != img.stamp || l.gen != img.gen {
		return // it has changed; the next request that opens it detects what is wrong
	}
	slot := b[slotStart+(1-l.slot)*slotSize:][:slotSize]
	clear(slot)
	putSlot(slot, l.number+1, f)
	if _, err := syscall.Pwrite(fd, slot, int64(slotStart+(1-l.slot)*slotSize)); err != nil {
		o.Logf(errlog.Crit, err, `write() "%s" failed`, r.Path())
		return
	}
	setTime(string(r.Path()), l.stamp)
}
