package openfile

import (
	"errors"
	"syscall"
)

// NotFound reports the errors by which a path does not exist.
func NotFound(err error) bool {
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}
