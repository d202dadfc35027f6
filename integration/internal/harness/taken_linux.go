package harness

import (
	"encoding/binary"
	"errors"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// takenLimit is how long a part is waited for at most: a server may have reasons to leave it in the kernel.
const takenLimit = 2 * time.Second

// AwaitTaken returns once the other end of c, a process of this machine, has read what was written to c, or will not. What is
// written next is then of another read, however long the machine had the other end wait for its turn.
func AwaitTaken(c net.Conn) bool {
	local, ok := c.LocalAddr().(*net.TCPAddr)
	if !ok {
		return false
	}
	remote, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return false
	}
	arrived := false
	return Eventually(takenLimit, func() bool {
		if !arrived {
			_, unacknowledged, err := queues(local, remote)
			arrived = err != nil || unacknowledged == 0
		}
		if !arrived {
			return false
		}
		unread, _, err := queues(remote, local)
		return err != nil || unread == 0
	})
}

// errNoSocket says that the kernel tells nothing about a socket.
var errNoSocket = errors.New("no such socket")

// The kernel's request for one socket and its answer, struct inet_diag_req_v2 and struct inet_diag_msg behind a struct
// nlmsghdr: where in them the fields are that count here.
const (
	diagRequest = 72
	diagID      = 24 // of a request: the two ports, the two addresses, the interface, the cookie
	diagReceive = 72 // of an answer: bytes that wait to be read
	diagSend    = 76 // ... and those that the other end has not acknowledged
)

// queues returns what a TCP socket of this machine has not read, and what the other end has not received of what it wrote.
func queues(local, remote *net.TCPAddr) (unread, unacknowledged uint32, err error) {
	from, to := local.IP.To4(), remote.IP.To4()
	if from == nil || to == nil {
		return 0, 0, errNoSocket
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = unix.Close(fd) }()
	b := make([]byte, diagRequest)
	binary.NativeEndian.PutUint32(b, diagRequest)
	binary.NativeEndian.PutUint16(b[4:], unix.SOCK_DIAG_BY_FAMILY)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST)
	b[16], b[17] = unix.AF_INET, unix.IPPROTO_TCP
	binary.NativeEndian.PutUint32(b[20:], ^uint32(0)) // in whatever state
	binary.BigEndian.PutUint16(b[diagID:], uint16(local.Port))
	binary.BigEndian.PutUint16(b[diagID+2:], uint16(remote.Port))
	copy(b[diagID+4:], from)
	copy(b[diagID+20:], to)
	binary.NativeEndian.PutUint64(b[diagID+40:], ^uint64(0)) // whatever its cookie
	if err := unix.Sendto(fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return 0, 0, err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return 0, 0, err
	}
	if n < diagSend+4 || binary.NativeEndian.Uint16(answer[4:]) != unix.SOCK_DIAG_BY_FAMILY {
		return 0, 0, errNoSocket
	}
	return binary.NativeEndian.Uint32(answer[diagReceive:]), binary.NativeEndian.Uint32(answer[diagSend:]), nil
}
