package role

import (
	"bytes"
	"encoding/gob"
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// The kinds of messages between a master and its worker. What a master asks for
// with msgConfigure a worker answers once, with msgDone or msgFailed.
const (
	msgHello     = 'H' // worker: it has started
	msgConfigure = 'C' // master: the configuration to serve, a bundle
	msgDone      = 'D' // worker: it serves it
	msgFailed    = 'F' // worker: why it does not; it goes on with the one before, or ends
	msgFinish    = 'E' // worker: it finishes, for a signal or because it has no descriptors left; it takes no configuration any more
	msgReopen    = 'R' // master: log files that were opened anew, a bundle of nothing else
	msgSave      = 'S' // master: write what is kept in files, another process is about to read it
	msgCerts     = 'A' // master: the certificates of acme_certificate, see acme.Table
	msgAnswers   = 'B' // master: the answers to challenges of their CAs; the worker confirms them
	msgConfirm   = 'B' // worker: the state of the answers that it has
	msgQuit      = 'Q' // master: finish what is under way, then exit
	msgTerminate = 'T' // master: exit
)

// lastOwner is the body of a msgQuit to workers that alone have the listening
// sockets: no other process takes the connections that wait in them.
var lastOwner = []byte("last")

// maxAnswer bounds what a master reads of its worker, maxBundle what a worker
// takes from its master, which has read as many bytes of files before.
const (
	maxAnswer = 4 << 10
	maxBundle = 1 << 30
)

// A bundle is a configuration as a worker gets it. The descriptors of its log files
// and of its listening sockets travel with it, in this order.
type bundle struct {
	ConfPath, Prefix, ErrorLog, Param string
	Layout                            conf.Layout

	Record     *inputs.Record
	Certs      []byte   // as in msgCerts
	Answers    []byte   // as in msgAnswers
	Logs       []string // paths
	Command    string   // see process.SetCommand
	Daemonized bool
	Respawned  int // see runtime.Options
}

var errFiles = errors.New("the configuration came without its files")

// newBundle is the configuration of o, as it was read.
func (m *master) newBundle(record *inputs.Record) *bundle {
	o, table := &m.opts.Options, m.host.Certificates()
	return &bundle{
		Certs: table.Certificates(), Answers: table.Challenges(),
		ConfPath: o.ConfPath, Prefix: o.Prefix, ErrorLog: o.ErrorLog, Param: o.Param, Layout: o.Layout,
		Record: record, Command: process.CommandName(), Respawned: o.Respawned,
	}
}

// options are those of the master, for a load from the bundle.
func (b *bundle) options() runtime.Options {
	return runtime.Options{
		ConfPath: b.ConfPath, Prefix: b.Prefix, ErrorLog: b.ErrorLog, Param: b.Param, Layout: b.Layout,
		Inputs: b.Record, Respawned: b.Respawned, Follows: true,
	}
}

// message packs the bundle with the log files of cfg and with sockets. The files
// of the message are duplicates that belong to the sender.
func (b *bundle) message(kind byte, cfg *runtime.Config, sockets map[string]*netio.Listener) (process.Message, error) {
	m := process.Message{Kind: kind}
	var err error
	if b.Logs, m.Files, err = cfg.LogFiles().Duplicate(); err != nil {
		return m, err
	}
	for _, ln := range sockets {
		for _, fd := range ln.Fds() {
			if fd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0); err != nil {
				closeFiles(m.Files)
				return m, errno.Failed("fcntl(F_DUPFD_CLOEXEC)", "", err)
			}
			m.Files = append(m.Files, fd)
		}
	}
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(b); err != nil {
		closeFiles(m.Files)
		return m, err
	}
	m.Body = body.Bytes()
	return m, nil
}

// unpack reads a bundle, and sorts its descriptors by what they are for. The error wraps EMFILE where this process had none
// left for them.
func unpack(m process.Message) (b *bundle, logs map[string]int, sockets []int, err error) {
	b = &bundle{}
	err = gob.NewDecoder(bytes.NewReader(m.Body)).Decode(b)
	switch {
	case err != nil:
	case m.Lost > 0:
		err = errno.Failed("recvmsg()", "", syscall.EMFILE)
	case len(b.Logs) > len(m.Files):
		err = errFiles
	}
	if err != nil {
		closeFiles(m.Files)
		return nil, nil, nil, err
	}
	logs = map[string]int{}
	for i, path := range b.Logs {
		logs[path] = m.Files[i]
	}
	return b, logs, m.Files[len(b.Logs):], nil
}

func closeFiles(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}

// closeByName closes and forgets descriptors.
func closeByName(fds map[string]int) {
	for name, fd := range fds {
		_ = syscall.Close(fd)
		delete(fds, name)
	}
}
