package runtime

import (
	"os"

	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// makeFolders makes the folders that are missing, for this user alone. The
// folder around one must exist. The error is an *errno.OpError.
func makeFolders(paths []string) error {
	for _, p := range paths {
		if err := os.Mkdir(p, 0o700); err != nil && !os.IsExist(err) {
			return errno.Failed("mkdir()", p, err)
		}
	}
	return nil
}
