package harness

import (
	"fmt"
	"net"
	"os"
	"sync"
)

// Ports are handed out from below the range the kernel takes client ports from, so that none is taken between the
// moment it is chosen and the moment a server listens. All have five digits, none ends in 0: they can be found again in
// a text, and texts on both sides are equally long.
const (
	firstPort = 20001
	lastPort  = 31999
)

// Ports hands out ports, each once.
type Ports struct {
	mu   sync.Mutex
	next int
}

// NewPorts returns a source of ports; where it begins depends on the process, so that two test runs seldom meet.
func NewPorts() *Ports {
	return &Ports{next: firstPort + os.Getpid()*97%(lastPort-firstPort)}
}

// Take returns n ports that nothing listens at.
func (p *Ports) Take(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, port, err := p.Listen()
		if err != nil {
			return nil, err
		}
		if err := l.Close(); err != nil {
			return nil, err
		}
		ports[i] = port
	}
	return ports, nil
}

// Listen listens at a port.
func (p *Ports) Listen() (net.Listener, int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range lastPort - firstPort {
		p.next++
		if p.next > lastPort {
			p.next = firstPort
		}
		if p.next%10 == 0 {
			continue
		}
		if l, err := net.Listen("tcp", Addr(p.next)); err == nil {
			return l, p.next, nil
		}
	}
	return nil, 0, fmt.Errorf("no free port between %d and %d", firstPort, lastPort)
}

// Addr is the address of a port on this machine.
func Addr(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
