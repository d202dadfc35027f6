package cache

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// createBeside makes a temporary file in the folder of the entry path, which is made, too, where
// it is missing. A failure is logged.
func createBeside(o diskfile.Owner, path string) (*os.File, error) {
	return diskfile.CreateNumbered(o, func(n uint64) string { return path + "." + diskfile.Digits(n) })
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
