//go:build unix && !linux

package process

import "net"

// Names without files, and the number of the process at the other end, are Linux's.

func listenResults(int) (*net.UnixListener, error) { return nil, nil }

func dialResults(int) (*net.UnixConn, error) { return nil, nil }

func peerOf(*net.UnixConn) (uid, pid int, ok bool) { return 0, 0, false }
