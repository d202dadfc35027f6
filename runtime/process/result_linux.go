package process

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// resultsAddr is an abstract socket: it has no file, and goes with the process.
func resultsAddr(pid int) *net.UnixAddr {
	return &net.UnixAddr{Net: "unix", Name: "@sluice/reload/" + strconv.Itoa(pid)}
}

// listenResults takes the name. The error is an *errno.OpError: that of another
// process which has it already.
func listenResults(pid int) (*net.UnixListener, error) {
	addr := resultsAddr(pid)
	ln, err := net.ListenUnix("unix", addr)
	if err != nil {
		return nil, errno.Failed("bind() to unix:"+addr.Name, "", err)
	}
	return ln, nil
}

// dialResults connects to the server with this number, nil when no process listens.
// The error says why the server cannot tell the result: any process may take the name
// before the server does, or fill the queue of its connections.
func dialResults(pid int) (*net.UnixConn, error) {
	addr := resultsAddr(pid)
	c, err := net.DialUnix("unix", nil, addr)
	switch {
	case errors.Is(err, unix.EAGAIN):
		return nil, fmt.Errorf("connect() to unix:%s failed%s", addr.Name, errlog.AppendErrno(nil, err))
	case err != nil && boundName(addr.Name):
		return nil, fmt.Errorf("unix:%s is taken by a process that does not listen", addr.Name)
	case err != nil:
		return nil, nil
	}
	if uid, owner, ok := peerOf(c); !ok || owner != pid {
		_ = c.Close() // it was never used
		return nil, fmt.Errorf("unix:%s is taken by process %d of user %d", addr.Name, owner, uid)
	}
	return c, nil
}

// boundName says that an abstract socket has the name. Where /proc cannot be read it
// does not know of any.
func boundName(name string) bool {
	f, err := os.Open("/proc/net/unix")
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasSuffix(lines.Text(), " "+name) {
			return true
		}
	}
	return false
}

// peerOf tells which process of which user is at the other end.
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
