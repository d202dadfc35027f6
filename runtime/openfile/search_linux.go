package openfile

import "golang.org/x/sys/unix"

// searchFlags open a directory that is only passed through: no read permission is needed.
const searchFlags = unix.O_PATH | unix.O_DIRECTORY | unix.O_NONBLOCK
