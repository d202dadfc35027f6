//go:build unix && !linux

package openfile

import "golang.org/x/sys/unix"

// searchFlags open a directory that is only passed through.
const searchFlags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NONBLOCK
