package runtime

import (
	"fmt"
	"os"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// makeFolders makes the folders that are missing, for one user alone: u, or this
// process's where u has no name. The folder around one must exist. The error is an
// *errno.OpError.
func makeFolders(paths []string, u process.User) error {
	for _, p := range paths {
		if err := os.Mkdir(p, 0o700); err != nil && !os.IsExist(err) {
			return errno.Failed("mkdir()", p, err)
		}
		if u.Name == "" {
			continue
		}
		if err := giveFolder(p, u); err != nil {
			return err
		}
	}
	return nil
}

// giveFolder lets u use a folder, as nginx does with those it finds, too.
func giveFolder(path string, u process.User) error {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return errno.Failed("stat()", path, err)
	}
	if int(st.Uid) != u.UID {
		if err := os.Chown(path, u.UID, -1); err != nil {
			return errno.Failed(fmt.Sprintf("chown(\"%s\", %d)", path, u.UID), "", err)
		}
	}
	const all = syscall.S_IRUSR | syscall.S_IWUSR | syscall.S_IXUSR
	if st.Mode&all != all {
		if err := syscall.Chmod(path, uint32(st.Mode)&0o7777|all); err != nil { //nolint:unconvert // 16 bits wide elsewhere
			return errno.Failed("chmod()", path, err)
		}
	}
	return nil
}
