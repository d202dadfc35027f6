package cache

import (
	"bytes"
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// trusted is how long a file that was there is taken to be there still. It keeps the system
// call off most requests for an entry that is asked for all the time.
const trusted = 2 * time.Millisecond

// Open looks a key up, counts a use, and opens the entry where there is one. r holds the key
// from then on, whatever the result. Opened again, with the same key, it counts no use.
func (z *Zone) Open(r *Ref, q *Query, e *Entry) Result {
	e.Close()
	now := clock.Mono()
	result := z.begin(r, q, now)
	test, otherwise := false, Miss
	switch result {
	case Found:
		test = r.exists
	case Miss:
		test = z.cold.Load()
		if q.MinUses > 1 {
			otherwise = Scarce
		}
	default:
		r.giveBack()
		return result
	}
	if !test {
		return otherwise
	}
	img := r.kept(now)
	if img == nil {
		var err error
		if img, err = r.read(q, now); err != nil {
			return Failed
		}
	}
	if img == nil {
		return otherwise
	}
	purged, clean := z.purge.means(img)
	if clean != 0 {
		r.isClean(clean)
	}
	switch {
	case !bytes.Equal(img.text, q.Text):
		q.Owner.Logf(errlog.Crit, nil, `cache file "%s" has md5 collision`, r.Path())
	case purged || img.gen < q.Epoch:
		r.discard(q.Owner, &img.st)
	default:
		r.epoch = img.epoch
		e.take(img)
		return Found
	}
	img.release()
	return otherwise
}

// Hold looks a key up and counts a use, as Open does, but opens nothing: for a response that is
// to be stored though the cache was not asked ([StatusBypass]). Whatever the result it may be
// stored, as in nginx: min_uses does not count then.
func (z *Zone) Hold(r *Ref, q *Query) Result {
	result := z.begin(r, q, clock.Mono())
	r.giveBack()
	return result
}

// Peek is Open for inspection: it counts no use, logs nothing, and changes nothing.
func (z *Zone) Peek(q *Query, e *Entry) Result {
	e.Close()
	s := z.index.shard(&q.Key)
	s.mu.Lock()
	n := s.nodes[q.Key]
	known := n != nil && n.exists || n == nil && z.cold.Load()
	uses, status := 0, int16(0)
	if n != nil {
		uses, status = int(n.uses), n.status
	}
	s.mu.Unlock()
	if status != 0 {
		return StatusOnly
	}
	if known {
		if img, errno := z.load(append(z.opts.Load().appendPath(nil, &q.Key), 0)); errno == 0 {
			if purged, _ := z.purge.means(img); img.err == nil && !purged && img.gen >= q.Epoch && bytes.Equal(img.text, q.Text) {
				e.take(img)
				return Found
			}
			img.release()
		}
	}
	if uses+1 < q.MinUses {
		return Scarce
	}
	return Miss
}

// begin makes r hold the key of q. Where the index has an image of the entry, r has a reference
// of it.
func (z *Zone) begin(r *Ref, q *Query, now int64) Result {
	if r.node == nil {
		r.zone, r.key, r.minUses, r.shard = z, q.Key, int16(min(q.MinUses, maxUses)), z.index.shard(&q.Key)
		r.buf = r.buf[:0]
	}
	return r.find(now)
}

// giveBack gives back the image that find has found.
func (r *Ref) giveBack() {
	if r.image != nil {
		r.image.release()
		r.image = nil
	}
}

// kept returns the image that the index has of the entry, if its file is still there and the
// same.
func (r *Ref) kept(now int64) *image {
	img := r.image
	if img == nil {
		return nil
	}
	r.image = nil
	if now-img.seen.Load() >= int64(trusted) {
		var st raw.Stat
		if raw.Statat(unix.AT_FDCWD, r.path(), 0, &st) != 0 || !same(&st, &img.st) {
			img.release()
			r.zone.evict([]*image{img})
			return nil
		}
		img.seen.Store(now)
	}
	if !img.used.Load() {
		img.used.Store(true)
	}
	return img
}

// read opens the entry's file. Neither an image nor an error: there is none that can be used.
func (r *Ref) read(q *Query, now int64) (*image, error) {
	img, errno := r.zone.load(r.path())
	switch errno {
	case 0:
	case syscall.ENOENT, syscall.ENOTDIR:
		r.missing()
		return nil, nil
	default:
		q.Owner.Logf(errlog.Crit, errno, `open() "%s" failed`, r.Path())
		return nil, errno
	}
	if img.err == nil && !r.verified(img) {
		img.verify()
	}
	if img.err == nil {
		img.seen.Store(now)
		img.key = r.key
		r.found(img)
		return img, nil
	}
	if errors.Is(img.err, errVersion) {
		q.Owner.Logf(errlog.Info, nil, `cache file "%s" version mismatch`, r.Path())
	} else {
		q.Owner.Logf(errlog.Crit, nil, `cache file "%s" %s`, r.Path(), img.err.Error())
		r.discard(q.Owner, &img.st)
	}
	img.release()
	return nil, nil
}

// verified reports whether the body of a file need not be checked: it is in memory, where it was,
// or this process has checked or written it, or nothing has happened to it since it was written.
func (r *Ref) verified(img *image) bool {
	if img.fd < 0 || img.boot == bootID() && img.boot != 0 && img.stamp == img.st.Mtime {
		return true
	}
	r.shard.mu.Lock()
	defer r.shard.mu.Unlock()
	return r.node.verified == fileID{img.st.Ino, img.st.Mtime}
}

// found notes what is known of the file that r has opened, and keeps it.
func (r *Ref) found(img *image) {
	z, n := r.zone, r.node
	r.shard.mu.Lock()
	n.verified = fileID{img.st.Ino, img.st.Mtime}
	n.clean = max(n.clean, img.gen)
	if !n.exists && !n.busy {
		n.exists = true
		n.uses = max(n.uses, 1)
		z.setBlocks(n, z.blocksOf(&img.st))
	}
	r.shard.mu.Unlock()
	z.purge.saw(img.gen)
	z.keep(r.shard, n, img)
}

// isClean notes that no purge of a prefix up to a number means the entry.
func (r *Ref) isClean(number uint64) {
	r.shard.mu.Lock()
	r.node.clean = max(r.node.clean, number)
	r.shard.mu.Unlock()
}

// missing notes that the file is gone.
func (r *Ref) missing() {
	r.shard.mu.Lock()
	defer r.shard.mu.Unlock()
	if n := r.node; !n.busy {
		r.zone.forget(n)
	}
}

// discard removes a file that is not to be used, unless another one has taken its place.
func (r *Ref) discard(o diskfile.Owner, st *raw.Stat) {
	s, n := r.shard, r.node
	s.mu.Lock()
	s.lockFile(n)
	r.zone.hot.drop(n)
	s.mu.Unlock()
	var is raw.Stat
	if raw.Statat(unix.AT_FDCWD, r.path(), 0, &is) == 0 && is.Ino == st.Ino && is.Dev == st.Dev {
		remove(o, string(r.Path()))
	} else {
		st = nil
	}
	s.mu.Lock()
	if st != nil {
		n.exists = false
		r.zone.setBlocks(n, 0)
	}
	s.unlockFile(n)
	s.mu.Unlock()
}

// remove deletes a file, if it is there.
func remove(o diskfile.Owner, path string) (found bool) {
	err := syscall.Unlink(path)
	if err != nil && !errors.Is(err, syscall.ENOENT) && !errors.Is(err, syscall.ENOTDIR) {
		o.Logf(errlog.Crit, err, `unlink() "%s" failed`, path)
	}
	return err == nil
}
