package runtime

import (
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// lastOwner is the body of a sayQuit to workers that alone have the listening
// sockets: no other process takes the connections that wait in them.
var lastOwner = []byte("last")

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

// closeSocket closes a socket from which this process does not accept. The file of a unix
// socket stays where another binary uses it.
func (m *master) closeSocket(ln *netio.Listener) {
	ln.SetUnlink(!m.changeover.Shared())
	_ = ln.Close()
}
