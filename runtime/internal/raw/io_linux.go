package raw

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// zero stands in for the address of an empty slice.
var zero byte

func base(p []byte) unsafe.Pointer {
	if len(p) == 0 {
		return unsafe.Pointer(&zero)
	}
	return unsafe.Pointer(&p[0])
}

// Read takes what has arrived; 0 without an error is the end of the stream.
func Read(fd int, p []byte) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(base(p)), uintptr(len(p)), 0, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}

// Peek is Read that leaves the bytes where they are.
func Peek(fd int, p []byte) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(base(p)), uintptr(len(p)), unix.MSG_PEEK, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}

// Write hands bytes to the socket; more promises that others follow at once
// (MSG_MORE: a partial segment waits for them). It may take fewer than given.
func Write(fd int, p []byte, more bool) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(base(p)), uintptr(len(p)), sendFlags(more), 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}

func sendFlags(more bool) uintptr {
	if more {
		return unix.MSG_NOSIGNAL | unix.MSG_MORE
	}
	return unix.MSG_NOSIGNAL
}

// MaxVec is how many slices one Writev looks at.
const MaxVec = 16

// Writev gathers up to MaxVec non-empty slices into one call.
func Writev(fd int, vec [][]byte, more bool) (int, syscall.Errno) {
	var iov [MaxVec]unix.Iovec
	k := 0
	for _, p := range vec {
		if len(p) == 0 {
			continue
		}
		if k == MaxVec {
			more = true
			break
		}
		iov[k].Base = &p[0]
		iov[k].SetLen(len(p))
		k++
	}
	var h unix.Msghdr
	h.Iov = &iov[0]
	h.SetIovlen(k)
	n, _, e := syscall.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&h)), sendFlags(more))
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}

// PeerClosed tells whether the peer has closed the connection, also while bytes that
// it sent before wait to be read.
func PeerClosed(fd int) bool {
	p := unix.PollFd{Fd: int32(fd), Events: unix.POLLRDHUP}
	var t unix.Timespec
	n, _, e := syscall.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&p)), 1, uintptr(unsafe.Pointer(&t)), 0, 0, 0)
	return e == 0 && n != 0 && p.Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
}

// HungUp is PeerClosed with the error pending on the socket, which it takes off.
func HungUp(fd int) (bool, syscall.Errno) {
	if !PeerClosed(fd) {
		return false, 0
	}
	pending, _ := GetInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	return true, syscall.Errno(pending)
}

// Queued tells how many bytes have been received and not read yet.
func Queued(fd int) (int, syscall.Errno) {
	var v int32
	_, _, e := syscall.RawSyscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCINQ, uintptr(unsafe.Pointer(&v)))
	return int(v), e
}

// Event is one report of an epoll instance: the mask and the caller's cookie.
type Event struct {
	ev unix.EpollEvent
}

// Mask is the set of unix.EPOLL* bits.
func (e *Event) Mask() uint32 { return e.ev.Events }

// Cookie is the value given to EpollSet.
func (e *Event) Cookie() uint64 {
	return uint64(uint32(e.ev.Fd)) | uint64(uint32(e.ev.Pad))<<32
}

// EpollSet adds (op unix.EPOLL_CTL_ADD) or changes (EPOLL_CTL_MOD) what an
// epoll instance watches a descriptor for.
func EpollSet(ep, op, fd int, mask uint32, cookie uint64) syscall.Errno {
	ev := unix.EpollEvent{Events: mask, Fd: int32(uint32(cookie)), Pad: int32(uint32(cookie >> 32))}
	_, _, e := syscall.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(ep), uintptr(op), uintptr(fd), uintptr(unsafe.Pointer(&ev)), 0, 0)
	return e
}

// Notify makes an eventfd readable once more, which wakes up the poller that watches it.
func Notify(fd int) syscall.Errno {
	one := uint64(1)
	_, _, e := syscall.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&one)), unsafe.Sizeof(one))
	return e
}

// EpollPoll collects the reports that are there, without waiting.
func EpollPoll(ep int, events []Event) (int, syscall.Errno) {
	n, _, e := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(ep), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), 0, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), 0
}
