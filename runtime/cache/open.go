package cache

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
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
	if r.node == nil {
		r.zone, r.key, r.minUses, r.shard = z, q.Key, q.MinUses, z.index.shard(&q.Key)
		r.path = append(z.opts.Load().appendPath(r.path[:0], &r.key), 0)
	}
	now := clock.Mono()
	result := r.find(now)
	test, otherwise := false, Miss
	switch result {
	case Found:
		test = r.exists()
	case Miss:
		test = z.cold.Load()
		if q.MinUses > 1 {
			otherwise = Scarce
		}
	default:
		return result
	}
	if !test {
		return otherwise
	}
	if img := r.kept(now); img != nil {
		if img.matches(q) {
			e.take(img)
			return Found
		}
		img.release()
	}
	switch img, err := r.read(q, now); {
	case img != nil:
		e.take(img)
		return Found
	case err != nil:
		return Failed
	}
	return otherwise
}

func (r *Ref) exists() bool {
	r.shard.mu.Lock()
	defer r.shard.mu.Unlock()
	return r.node.exists
}

// kept returns the image that the index has of the entry, with a reference, if its file is
// still there and the same.
func (r *Ref) kept(now int64) *image {
	r.shard.mu.Lock()
	img := r.node.image
	if img == nil {
		r.shard.mu.Unlock()
		return nil
	}
	img.refs.Add(1)
	r.shard.mu.Unlock()
	if now-img.seen.Load() < int64(trusted) {
		return img
	}
	var st raw.Stat
	if raw.Statat(unix.AT_FDCWD, r.path, 0, &st) == 0 && same(&st, &img.st) {
		img.seen.Store(now)
		return img
	}
	img.release()
	return nil
}

// matches reports whether an image is of the text that is asked for.
func (i *image) matches(q *Query) bool { return bytes.Equal(i.text, q.Text) }

// read opens the entry's file. Neither an image nor an error: there is none that can be used.
func (r *Ref) read(q *Query, now int64) (*image, error) {
	fd, errno := raw.Openat(unix.AT_FDCWD, r.path, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	switch errno {
	case 0:
	case syscall.ENOENT, syscall.ENOTDIR:
		r.missing()
		return nil, nil
	default:
		q.Owner.Logf(errlog.Crit, errno, `open() "%s" failed`, r.Path())
		return nil, errno
	}
	img, err := load(fd, q.Text)
	if err == nil {
		img.seen.Store(now)
		img.refs.Store(1)
		if img.fd < 0 {
			_ = syscall.Close(fd)
		}
		r.found(img)
		return img, nil
	}
	_ = syscall.Close(fd)
	switch {
	case errors.Is(err, errCollision):
		q.Owner.Logf(errlog.Crit, nil, `cache file "%s" has md5 collision`, r.Path())
	case errors.Is(err, errVersion):
		q.Owner.Logf(errlog.Info, nil, `cache file "%s" version mismatch`, r.Path())
	default:
		q.Owner.Logf(errlog.Crit, nil, `cache file "%s" %s`, r.Path(), err.Error())
		r.damaged(q.Owner)
	}
	return nil, nil
}

var errCollision = errors.New("has md5 collision")

// firstRead is how much of a large file is read at first: mostly the block is in it.
const firstRead = 4 << 10

// load reads the file fd, which the image keeps unless the whole file is in memory.
func load(fd int, text []byte) (*image, error) {
	img := &image{fd: fd}
	if errno := raw.Fstat(fd, &img.st); errno != 0 {
		return nil, errno
	}
	if img.st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return nil, errVersion
	}
	size := img.st.Size
	if size < fixedSize {
		return nil, errSmall
	}
	n := size
	if n > MaxContent+firstRead {
		n = firstRead
	}
	b, err := readBlock(fd, int(n))
	if err != nil {
		return nil, err
	}
	if err := img.readFixed(b); err != nil {
		return nil, err
	}
	if len(b) < img.bodyStart {
		if int64(img.bodyStart) > size {
			return nil, errSmall
		}
		if b, err = readBlock(fd, img.bodyStart); err != nil {
			return nil, err
		}
	}
	if img.text, img.head, err = img.readBlock(b, &img.meta); err != nil {
		return nil, err
	}
	switch {
	case !bytes.Equal(img.text, text):
		return nil, errCollision
	case size != int64(img.bodyStart)+img.bodyLen:
		return nil, errSize
	case int64(len(b)) != size || img.bodyLen > MaxContent:
		return img, nil
	}
	img.body, img.fd = b[img.bodyStart:], -1
	if crc32.Checksum(img.body, crcTable) != img.bodySum {
		return nil, errSum
	}
	return img, nil
}

func readBlock(fd, n int) ([]byte, error) {
	b := make([]byte, n)
	m, err := diskfile.ReadAt(fd, b, 0)
	if err == nil && m < n {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// found notes what is known of the file that r has opened.
func (r *Ref) found(img *image) {
	z, n := r.zone, r.node
	r.shard.mu.Lock()
	defer r.shard.mu.Unlock()
	if !n.exists {
		n.exists = true
		z.setBlocks(n, z.blocksOf(&img.st))
	}
}

// missing notes that the file is gone.
func (r *Ref) missing() {
	r.shard.mu.Lock()
	defer r.shard.mu.Unlock()
	if n := r.node; !n.busy {
		n.exists = false
		r.zone.setBlocks(n, 0)
	}
}

// damaged removes a file that is torn.
func (r *Ref) damaged(o diskfile.Owner) {
	path := string(r.Path())
	if err := syscall.Unlink(path); err != nil && !errors.Is(err, syscall.ENOENT) {
		o.Logf(errlog.Crit, err, `unlink() "%s" failed`, path)
	}
	r.missing()
}
