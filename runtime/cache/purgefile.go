package cache

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// purgeFile is where the purges of prefixes are kept, so that they hold after a restart. It
// begins with a dot: what looks for entries does not see it. While a binary is replaced two
// processes have the cache: each adds to the file what it purges, under a lock of the folder, and
// looks every few seconds for what the other has added.
const purgeFile = "/.purged"

// changePurges changes the purges with change, and writes the file: magic, then for each its number,
// the length of the prefix, and the prefix; at the end CRC-32C of it all. What another process has
// written is taken over, but for purges up to a number, which are forgotten.
func (z *Zone) changePurges(o diskfile.Owner, forgotten uint64, change func(p *purges)) {
	p := &z.purge
	p.mu.Lock()
	defer p.mu.Unlock()
	dir := z.opts.Load().Dir
	defer lockFolder(dir)()
	p.learn(above(z.readPurges(), forgotten))
	change(p)
	path := dir + purgeFile
	list := *p.list.Load()
	if len(list) == 0 {
		remove(o, path)
		p.seen = fileID{}
		return
	}
	b := append([]byte(nil), magic[:]...)
	for _, pt := range list {
		b = binary.LittleEndian.AppendUint64(b, pt.number)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(pt.prefix)))
		b = append(b, pt.prefix...)
	}
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crcTable))
	err := diskfile.Replace(path, 0o600, func(w *bufio.Writer) { _, _ = w.Write(b) })
	if err != nil {
		call, name := diskfile.Failure(err)
		o.Logf(errlog.Crit, err, `%s() "%s" failed`, call, name)
		return
	}
	p.seen = z.purgeFileID()
}

// lockFolder locks a folder against other processes. Where the file system has no locks, or the
// folder cannot be opened, it does nothing: the file is replaced as a whole anyway.
func lockFolder(dir string) (unlock func()) {
	f, err := os.Open(dir)
	if err != nil {
		return func() {}
	}
	for err = unix.EINTR; err == unix.EINTR; { //nolint:errorlint // package unix returns bare numbers
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}
	return func() { _ = f.Close() } // which unlocks it
}

// purgeFileID is the state in which the file is; zero: there is none.
func (z *Zone) purgeFileID() fileID {
	var st raw.Stat
	if raw.Statat(unix.AT_FDCWD, append([]byte(z.opts.Load().Dir+purgeFile), 0), unix.AT_SYMLINK_NOFOLLOW, &st) != 0 {
		return fileID{}
	}
	return fileID{st.Ino, st.Mtime}
}

// learnPurges takes over the purges that the file has and this process does not know: those of an
// earlier process, and those of one beside it.
func (z *Zone) learnPurges() {
	p := &z.purge
	p.mu.Lock()
	defer p.mu.Unlock()
	id := z.purgeFileID()
	if id == p.seen {
		return
	}
	p.seen = id
	p.learn(z.readPurges())
}

// readPurges reads the file. What is damaged counts as a purge of everything.
func (z *Zone) readPurges() []pattern {
	b, err := os.ReadFile(z.opts.Load().Dir + purgeFile)
	if err != nil {
		return nil // mostly there is none
	}
	list, ok := parsePurges(b)
	if !ok {
		return []pattern{{z.purge.next(), nil}}
	}
	return list
}

func parsePurges(b []byte) (list []pattern, ok bool) {
	n := len(b) - 4
	if n < len(magic) || [8]byte(b) != magic || binary.LittleEndian.Uint32(b[n:]) != crc32.Checksum(b[:n], crcTable) {
		return nil, false
	}
	for b = b[len(magic):n]; len(b) > 0; {
		if len(b) < 12 {
			return nil, false
		}
		number, length := binary.LittleEndian.Uint64(b), int64(binary.LittleEndian.Uint32(b[8:]))
		if b = b[12:]; length > int64(len(b)) {
			return nil, false
		}
		list = append(list, pattern{number, bytes.Clone(b[:length])})
		b = b[length:]
	}
	return list, true
}
