package cache

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// A file begins with a block of fixed size, whose numbers are little-endian:
//
//	  0  magic, 8 bytes; the last one is the version
//	  8  CRC-32C of bytes 12 to 96 and 192 to the body
//	 12  where the body begins, 4 bytes; 16 the length of the key's text, 4; 20 that of the
//	     head, 4; 24 the status with the bit toHead, 2; 26 the length of the ETag, 1; 27 that of Vary, 1
//	 28  CRC-32C of the body, 4; 32 its length, 8
//	 40  Last-Modified, 8; 48 the hash of the variant, 16
//	 64  the purge count of the zone when the response was asked for, 8
//	 72  the file's modification time in nanoseconds, 8: another one shows an edit
//	 80  the boot of the system in which it was written, 8: after another one the body is
//	     checked before it is used
//	 88  the purge count of the zone when the key was stored for the first time since it was
//	     purged, 8: older variants do not count
//	 96  two slots of 48 bytes for the freshness: number 8, Valid 8, Date 8, Updating 8,
//	     Error 8, CRC-32C of these 4, zeros 4
//
// Then come ETag, Vary, the key's text, the head as the peer has sent it, zeros up to where
// the body begins, which is a whole page in a large file, and the body up to the end of the
// file. The slot with the higher number counts. Revalidation writes the other one: when that
// is torn the old one is still there, also for a concurrent reader.

const (
	fixedSize = 192
	slotStart = 96
	slotSize  = 48
	// maxBlock is how long all before the body may be. A longer one is not ours.
	maxBlock = 4 << 20
	// toHead marks the response to a HEAD request, see Meta.
	toHead = 1 << 15
)

var magic = [8]byte{'S', 'L', 'U', 'I', 'C', 'E', '\r', 1}

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// layout is the block of a file as values.
type layout struct {
	bodyStart, keyLen, headLen int
	etagLen, varyLen           int
	bodySum                    uint32
	bodyLen                    int64
	gen                        uint64
	stamp                      int64
	boot                       uint64
	epoch                      uint64
	slot                       int    // the one that counts
	number                     uint64 // of that slot
}

// appendBlock appends the block of an entry that has the number 1 in its first slot, up to the
// body. m's texts may be longer than what is kept of them.
func appendBlock(dst []byte, m *Meta, text, head []byte, gen, epoch uint64) []byte {
	etag, vary := m.ETag, m.Vary
	if len(etag) > MaxETag {
		etag = nil
	}
	if len(vary) > MaxVary {
		vary = vary[:MaxVary]
	}
	from := len(dst)
	dst = append(dst, make([]byte, fixedSize)...)
	dst = append(append(append(append(dst, etag...), vary...), text...), head...)
	b := dst[from:]
	copy(b, magic[:])
	le := binary.LittleEndian
	le.PutUint32(b[12:], uint32(len(b)))
	le.PutUint32(b[16:], uint32(len(text)))
	le.PutUint32(b[20:], uint32(len(head)))
	status := uint16(m.Status)
	if m.ToHead {
		status |= toHead
	}
	le.PutUint16(b[24:], status)
	b[26], b[27] = byte(len(etag)), byte(len(vary))
	le.PutUint64(b[40:], uint64(m.LastModified))
	copy(b[48:64], m.Variant[:])
	le.PutUint64(b[64:], gen)
	le.PutUint64(b[80:], bootID())
	le.PutUint64(b[88:], epoch)
	putSlot(b[slotStart:], 1, &m.Freshness)
	return dst
}

// page is what the block of a large file is a multiple of.
const page = 4096

// padBlock fills a block up to whole pages.
func padBlock(b []byte) []byte {
	b = append(b, make([]byte, (page-len(b)%page)%page)...)
	binary.LittleEndian.PutUint32(b[12:], uint32(len(b)))
	return b
}

// sealBlock puts what is known last into a block: the length and the sum of the body, and
// the file's time.
func sealBlock(b []byte, bodyLen int64, bodySum uint32, stamp int64) {
	le := binary.LittleEndian
	le.PutUint32(b[28:], bodySum)
	le.PutUint64(b[32:], uint64(bodyLen))
	le.PutUint64(b[72:], uint64(stamp))
	le.PutUint32(b[8:], blockSum(b))
}

func blockSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[12:slotStart], crcTable), crcTable, b[fixedSize:])
}

// putSlot writes one slot of freshness.
func putSlot(b []byte, number uint64, f *Freshness) {
	le := binary.LittleEndian
	le.PutUint64(b, number)
	le.PutUint64(b[8:], uint64(f.Valid))
	le.PutUint64(b[16:], uint64(f.Date))
	le.PutUint64(b[24:], uint64(f.Updating))
	le.PutUint64(b[32:], uint64(f.Error))
	le.PutUint32(b[40:], crc32.Checksum(b[:40], crcTable))
}

// readSlot reads a slot; false: it is torn.
func readSlot(b []byte, f *Freshness) (number uint64, ok bool) {
	le := binary.LittleEndian
	if le.Uint32(b[40:]) != crc32.Checksum(b[:40], crcTable) {
		return 0, false
	}
	*f = Freshness{
		Valid: int64(le.Uint64(b[8:])), Date: int64(le.Uint64(b[16:])),
		Updating: int64(le.Uint64(b[24:])), Error: int64(le.Uint64(b[32:])),
	}
	return le.Uint64(b), true
}

// What a file is refused for.
var (
	errSmall   = errors.New("is too small")
	errVersion = errors.New("version mismatch")
	errSum     = errors.New("has a wrong checksum")
	errSize    = errors.New("has a wrong size")
)

// readFixed reads the lengths of a block of which the fixed part is there.
func (l *layout) readFixed(b []byte) error {
	if len(b) < fixedSize {
		return errSmall
	}
	if [8]byte(b) != magic {
		return errVersion
	}
	le := binary.LittleEndian
	*l = layout{
		bodyStart: int(le.Uint32(b[12:])), keyLen: int(le.Uint32(b[16:])), headLen: int(le.Uint32(b[20:])),
		etagLen: int(b[26]), varyLen: int(b[27]),
		bodySum: le.Uint32(b[28:]), bodyLen: int64(le.Uint64(b[32:])),
		gen: le.Uint64(b[64:]), stamp: int64(le.Uint64(b[72:])), boot: le.Uint64(b[80:]), epoch: le.Uint64(b[88:]),
	}
	if l.bodyStart > maxBlock || l.bodyLen < 0 || l.keyLen > maxBlock || l.headLen > maxBlock ||
		fixedSize+l.etagLen+l.varyLen+l.keyLen+l.headLen > l.bodyStart {
		return errSum
	}
	return nil
}

// readBlock reads a block that is there up to the body. m and the texts refer to b.
func (l *layout) readBlock(b []byte, m *Meta) (text, head []byte, err error) {
	if err := l.readFixed(b); err != nil {
		return nil, nil, err
	}
	if len(b) < l.bodyStart {
		return nil, nil, errSmall
	}
	b = b[:l.bodyStart:l.bodyStart]
	le := binary.LittleEndian
	if le.Uint32(b[8:]) != blockSum(b) {
		return nil, nil, errSum
	}
	var f [2]Freshness
	for i := range f {
		if number, ok := readSlot(b[slotStart+i*slotSize:], &f[i]); ok && number > l.number {
			l.slot, l.number = i, number
		}
	}
	if l.number == 0 {
		return nil, nil, errSum
	}
	rest := b[fixedSize:]
	cut := func(n int) []byte {
		part := rest[:n:n]
		rest = rest[n:]
		return part
	}
	*m = Meta{
		Freshness:    f[l.slot],
		Status:       int(le.Uint16(b[24:]) &^ toHead),
		ToHead:       le.Uint16(b[24:])&toHead != 0,
		LastModified: int64(le.Uint64(b[40:])),
		Variant:      Key(b[48:64]),
		ETag:         cut(l.etagLen),
		Vary:         cut(l.varyLen),
	}
	return cut(l.keyLen), cut(l.headLen), nil
}
