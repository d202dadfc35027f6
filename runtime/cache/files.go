package cache

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// tempDigits is how many digits a temporary file beside an entry has behind the dot.
const tempDigits = 10

// createBeside makes a temporary file in the folder of the entry path, which is made, too, where
// it is missing. A failure is logged.
func createBeside(o diskfile.Owner, path string) (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	for n := o.Numbers().Add(1); ; {
		digits := strconv.FormatUint(uint64(uint32(n)), 10)
		name := path + "." + "0000000000"[:tempDigits-len(digits)] + digits
		f, err := os.OpenFile(name, flags, 0o600)
		if errors.Is(err, os.ErrNotExist) {
			dir := filepath.Dir(path)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				o.Logf(errlog.Crit, err, `mkdir() "%s" failed`, dir)
				return nil, err
			}
			f, err = os.OpenFile(name, flags, 0o600)
		}
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, os.ErrExist):
			n = o.Numbers().Add(uint64(rand.Uint32()))
			continue
		}
		o.Logf(errlog.Crit, err, `open() "%s" failed`, name)
		return nil, err
	}
}

// setTime gives a file the modification time that its block has. Where that fails the body is
// checked before it is used.
func setTime(path string, stamp int64) {
	at := unix.NsecToTimespec(stamp)
	_ = unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{at, at}, 0)
}

// defaultBlock is the size of a block where the system does not tell.
const defaultBlock = 512

// blockSize is the size of a block of the file system of dir.
func blockSize(dir string) int64 {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil || int64(s.Bsize)%defaultBlock != 0 || s.Bsize <= 0 { //nolint:unconvert // the field's type differs by system
		return defaultBlock
	}
	return int64(s.Bsize) //nolint:unconvert // as above
}

// blocksOf is how many blocks a file takes.
func (z *Zone) blocksOf(st *raw.Stat) int64 { return (st.Blocks*512 + z.block - 1) / z.block }
