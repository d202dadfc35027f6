package process

import (
	"net"
	"strconv"

	"golang.org/x/sys/unix"
)

// resultsAddr is an abstract socket: it has no file, and goes with the process.
func resultsAddr(pid int) *net.UnixAddr {
	return &net.UnixAddr{Net: "unix", Name: "@sluice/reload/" + strconv.Itoa(pid)}
}

func listenResults(pid int) *net.UnixListener {
	ln, err := net.ListenUnix("unix", resultsAddr(pid))
	if err != nil {
		return nil
	}
	return ln
}

// dialResults connects to the server with this number, nil when it does not listen
// or another process does in its place.
func dialResults(pid int) *net.UnixConn {
	c, err := net.DialUnix("unix", nil, resultsAddr(pid))
	if err != nil {
		return nil
	}
	if _, owner, ok := peerOf(c); !ok || owner != pid {
		_ = c.Close() // it was never used
		return nil
	}
	return c
}

// peerOf tells who is at the other end.
func peerOf(c *net.UnixConn) (uid, pid int, ok bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, 0, false
	}
	var cred *unix.Ucred
	if e := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); e != nil || err != nil {
		return 0, 0, false
	}
	return int(cred.Uid), int(cred.Pid), true
}
