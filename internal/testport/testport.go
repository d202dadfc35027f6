// Package testport hands out TCP ports for the servers that tests start.
package testport

import (
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
)

// Ports are handed out from below the range the kernel takes client ports from, so that none is taken between the
// moment it is chosen and the moment a server listens. All have five digits, none ends in 0: they can be found again in
// a text, and texts on both sides are equally long.
//
// A process of tests takes them from blocks that no other has: it listens at the first port of a block, which is never
// handed out, for as long as it runs.
const (
	blockSize   = 100
	firstBlock  = 201 // of the ports from 20101 to 20199
	lastBlock   = 319
	blocks      = lastBlock - firstBlock + 1
	ownedBlocks = 12 // at most: enough that a port is not handed out again before a server listens at it
)

// Ports hands out ports, each again only after many others.
type Ports struct {
	mu     sync.Mutex
	owned  []net.Listener // one for each block of its own
	first  []int          // ... and the first port of it
	looked int            // at how many blocks, whether they are to be had
	block  int            // in first, the one the last port was of
	last   int            // port handed out
}

// New returns a source of ports.
func New() *Ports { return &Ports{} }

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
	for range ownedBlocks * blockSize {
		if !p.next() {
			break
		}
		if l, err := net.Listen("tcp", Addr(p.last)); err == nil {
			return l, p.last, nil
		}
	}
	return nil, 0, fmt.Errorf("no free port between %d and %d", firstBlock*blockSize, (lastBlock+1)*blockSize)
}

// next makes last the next port of the process, and tells whether there is one.
func (p *Ports) next() bool {
	p.last++
	if p.last%10 == 0 {
		p.last++
	}
	if len(p.owned) > 0 && p.last < p.first[p.block]+blockSize {
		return true
	}
	p.block++
	if len(p.owned) < ownedBlocks && p.own() {
		p.block = len(p.owned) - 1
	}
	if len(p.owned) == 0 {
		return false
	}
	p.block %= len(p.owned)
	p.last = p.first[p.block] + 1
	return true
}

// own takes another block, and tells whether there was one to be had. Where it begins to look depends on the process, so
// that those that start together seldom want the same.
func (p *Ports) own() bool {
	for p.looked < blocks {
		first := (firstBlock + (os.Getpid()*ownedBlocks+p.looked)%blocks) * blockSize
		p.looked++
		if l, err := net.Listen("tcp", Addr(first)); err == nil {
			p.owned, p.first = append(p.owned, l), append(p.first, first)
			return true
		}
	}
	return false
}

// ofProcess are the ports that Free hands out.
var ofProcess = New()

// Free returns a port that nothing listens at.
func Free(t testing.TB) int {
	t.Helper()
	ports, err := ofProcess.Take(1)
	if err != nil {
		t.Fatal(err)
	}
	return ports[0]
}

// Addr is the address of a port on this machine.
func Addr(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
