package process

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A Channel is one end of the pair of sockets between a master and its worker:
// messages, and with those of the master open files. Send and Receive may be
// called at the same time, each by one goroutine.
//
// On the wire a message is a byte of its kind, the number of its files and the
// length of its body, 4 bytes each with the highest first, the body, and the
// files, some with each byte that follows.
type Channel struct{ conn *net.UnixConn }

// Message is what one end sends to the other. The callers define the kinds.
type Message struct {
	Kind  byte
	Body  []byte
	Files []int // descriptors; the receiver owns those that it got
	Lost  int   // files that came and for which the receiver had no descriptors left
}

const (
	messageHead  = 9
	filesAtOnce  = 64               // the system takes at most 253
	channelLimit = 10 * time.Second // for the peer to read a message: it is ready for one, or will be soon
)

// errMessage is what a broken or hostile peer sends.
var errMessage = errors.New("malformed message from the other process")

// newChannel makes a pair: a Channel, and the file that another process makes one of.
func newChannel() (*Channel, *os.File, error) {
	pair, err := socketpair()
	if err != nil {
		return nil, nil, err
	}
	theirs := os.NewFile(uintptr(pair[1]), "channel")
	ours, err := openChannel(os.NewFile(uintptr(pair[0]), "channel"))
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// openChannel makes a Channel of a socket, which it takes over.
func openChannel(f *os.File) (*Channel, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	conn, ok := c.(*net.UnixConn)
	if !ok {
		_ = c.Close()
		return nil, fmt.Errorf("the channel is %s", c.LocalAddr().Network())
	}
	return &Channel{conn}, nil
}

// Send sends a message. The files stay the sender's. It fails if the peer does not read
// for channelLimit; after an error only Close may be called.
func (c *Channel) Send(m Message) error {
	b := make([]byte, messageHead, messageHead+len(m.Body))
	b[0] = m.Kind
	binary.BigEndian.PutUint32(b[1:], uint32(len(m.Files)))
	binary.BigEndian.PutUint32(b[5:], uint32(len(m.Body)))
	_ = c.conn.SetWriteDeadline(time.Now().Add(channelLimit)) // fails on a closed one, as the write does
	if _, err := c.conn.Write(append(b, m.Body...)); err != nil {
		return err
	}
	for files := m.Files; len(files) > 0; {
		n := min(len(files), filesAtOnce)
		if _, _, err := c.conn.WriteMsgUnix([]byte{0}, unix.UnixRights(files[:n]...), nil); err != nil {
			return err
		}
		files = files[n:]
	}
	return nil
}

// Receive waits for a message with a body of at most limit bytes. A receiver that
// wants no files gets none: what comes along is closed by the system. The error is
// io.EOF when the other process has ended.
func (c *Channel) Receive(limit int, files bool) (Message, error) {
	var head [messageHead]byte
	if _, err := io.ReadFull(c.conn, head[:]); err != nil {
		return Message{}, err
	}
	m := Message{Kind: head[0]}
	count, size := binary.BigEndian.Uint32(head[1:]), binary.BigEndian.Uint32(head[5:])
	if int64(size) > int64(limit) || count > 0 && !files {
		return m, errMessage
	}
	m.Body = make([]byte, size)
	if _, err := io.ReadFull(c.conn, m.Body); err != nil {
		return m, err
	}
	for left := int(count); left > 0; {
		n := min(left, filesAtOnce)
		got, err := c.receiveFiles(n)
		m.Files = append(m.Files, got...)
		if err != nil {
			closeAll(m.Files)
			return Message{}, err
		}
		m.Lost += n - len(got)
		left -= n
	}
	return m, nil
}

// receiveFiles reads one byte and the count descriptors that come with it: fewer, where this process may not have more.
func (c *Channel) receiveFiles(count int) (fds []int, err error) {
	oob := make([]byte, unix.CmsgSpace(4*filesAtOnce))
	n, oobn, flags, _, err := c.conn.ReadMsgUnix(make([]byte, 1), oob)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, io.EOF
	}
	list, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return nil, err
	}
	for i := range list {
		got, err := unix.ParseUnixRights(&list[i])
		if err != nil {
			return fds, err
		}
		fds = append(fds, got...)
	}
	if len(fds) != count && flags&unix.MSG_CTRUNC == 0 {
		return fds, errMessage
	}
	return fds, nil
}

// Finish is called when the other process has ended: Receive returns what that process
// has sent, then an error, and Send fails, also where a third process has a copy of
// the other end.
func (c *Channel) Finish() {
	_ = c.conn.CloseWrite() // it fails only on a closed one
	c.finish()
}

// Close ends the Channel; the other end notices.
func (c *Channel) Close() { _ = c.conn.Close() }

func closeAll(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}
