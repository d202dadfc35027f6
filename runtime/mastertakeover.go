package runtime

import (
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// lastOwner is the body of a sayQuit to workers that alone have the listening
// sockets: nobody else would take the connections that wait in them.
var lastOwner = []byte("last")

// changeBinary starts the binary that is to succeed this one (USR2).
func (m *master) changeBinary() {
	m.notice("changing binary")
	var fds []int
	for _, ln := range m.sockets {
		fds = append(fds, ln.Fds()...)
	}
	m.changeover.Start(m.cfg.Log, m.cfg.Main.PID, fds)
}

// newBinaryEnded is called when the successor has not lived: this binary goes on.
func (m *master) newBinaryEnded(e process.Exit) {
	m.changeover.Ended(m.cfg.Log, m.cfg.Main.PID, e)
	m.resume()
}

// stopAccepting ends the workers and keeps the sockets (WINCH).
func (m *master) stopAccepting() {
	m.noAccept = true
	m.respawnAt = nil
	m.tellAll(sayQuit, nil)
	m.worker = nil
}

// resume starts a worker with the configuration that is in effect, where
// stopAccepting has ended the one before.
func (m *master) resume() {
	if m.noAccept && m.ending == 0 {
		m.noAccept = false
		m.notice("start worker processes")
		m.respawn()
	}
}

// closeSocket closes a socket in which nobody waits here. The file of a unix
// socket stays where another binary uses it.
func (m *master) closeSocket(ln *netio.Listener) {
	ln.SetUnlink(!m.changeover.Shared())
	_ = ln.Close()
}
