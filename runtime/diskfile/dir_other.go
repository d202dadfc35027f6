//go:build !linux

package diskfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// direntBatch is how many names are read at a time.
const direntBatch = 256

// readDir calls fn for each name in dir, until fn returns false.
func readDir(dir *os.File, fn func(name []byte, kind fs.FileMode) bool) (ok bool, err error) {
	for {
		batch, err := dir.ReadDir(direntBatch)
		for _, e := range batch {
			if !fn([]byte(e.Name()), e.Type()) {
				return false, nil
			}
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}
