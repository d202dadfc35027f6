package cache

import (
	"bytes"
	"hash/crc32"
	"io"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// firstRead is how much of a large file is read at first: mostly the block is in it.
const firstRead = 4 << 10

// load opens and reads the file path, which ends with a NUL. The image has one reference; its err
// says what is wrong with the file.
func (z *Zone) load(path []byte) (*image, syscall.Errno) {
	fd, errno := raw.Openat(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if errno != 0 {
		return nil, errno
	}
	img := &image{fd: fd}
	img.refs.Store(1)
	if img.err = img.read(); img.err == nil && img.body != nil {
		_ = syscall.Close(fd) // opened for reading: nothing can be lost
		img.fd = -1
	}
	return img, 0
}

// read reads the whole file, or all before the body of a large one.
func (i *image) read() error {
	if errno := raw.Fstat(i.fd, &i.st); errno != 0 {
		return errno
	}
	size := i.st.Size
	switch {
	case i.st.Mode&syscall.S_IFMT != syscall.S_IFREG:
		return errVersion
	case size < fixedSize:
		return errSmall
	}
	n := int(size)
	if size > MaxContent+firstRead {
		n = firstRead
	}
	b, err := readStart(i.fd, n)
	if err != nil {
		return err
	}
	if err := i.readFixed(b); err != nil {
		return err
	}
	if len(b) < i.bodyStart {
		if int64(i.bodyStart) > size {
			return errSmall
		}
		if b, err = readStart(i.fd, i.bodyStart); err != nil {
			return err
		}
	}
	if i.bodyLen > MaxContent {
		b = bytes.Clone(b[:i.bodyStart]) // the body is not kept
	}
	if i.text, i.head, err = i.readBlock(b, &i.meta); err != nil {
		return err
	}
	if size != int64(i.bodyStart)+i.bodyLen {
		return errSize
	}
	i.mem = int64(len(b))
	if int64(len(b)) < size {
		return nil
	}
	i.body = b[i.bodyStart:]
	if crc32.Checksum(i.body, crcTable) != i.bodySum {
		return errSum
	}
	return nil
}

// readStart reads the first n bytes of a file.
func readStart(fd, n int) ([]byte, error) {
	b := make([]byte, n)
	m, err := diskfile.ReadAt(fd, b, 0)
	if err == nil && m < n {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// verifyPiece is how much of a body is checked at a time.
const verifyPiece = 256 << 10

var verifyBuffers = sync.Pool{New: func() any { return new([verifyPiece]byte) }}

// verify compares the body of a large file with its checksum. It reads all of it, which happens
// once for a file that was written before the system was started, or was touched since.
func (i *image) verify() {
	buf := verifyBuffers.Get().(*[verifyPiece]byte)
	defer verifyBuffers.Put(buf)
	sum := uint32(0)
	for off, end := int64(i.bodyStart), int64(i.bodyStart)+i.bodyLen; off < end; {
		p := buf[:min(end-off, verifyPiece)]
		n, err := diskfile.ReadAt(i.fd, p, off)
		if err == nil && n < len(p) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			i.err = err
			return
		}
		sum = crc32.Update(sum, crcTable, p)
		off += int64(n)
	}
	if sum != i.bodySum {
		i.err = errSum
	}
}
