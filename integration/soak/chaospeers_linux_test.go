package soak

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/internal/testport"
)

// span is a time in which something was so. One that lasts has no end.
type span struct{ from, to time.Time }

// chaosPeer is a process that listens at addr, which is killed, frozen and started again.
type chaosPeer struct {
	t    *testing.T
	addr string

	cmd  *exec.Cmd
	done chan struct{} // closed at the end of the process

	mu     sync.Mutex
	faults []span // in which it was frozen, or not there
	slow   []span // in which it did not answer as soon as it should: the machine is busy
}

func newChaosPeer(t *testing.T, port int) *chaosPeer {
	p := &chaosPeer{t: t, addr: testport.Addr(port)}
	p.start()
	t.Cleanup(func() { p.kill() })
	return p
}

// start starts the process and waits until it answers.
func (p *chaosPeer) start() {
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), peerVariable+"="+p.addr)
	p.cmd.Stderr = os.Stderr
	must(p.t, p.cmd.Start())
	done := make(chan struct{})
	p.done = done
	go func(cmd *exec.Cmd) {
		_ = cmd.Wait() // it was killed
		close(done)
	}(p.cmd)
	deadline := time.Now().Add(patience)
	for p.ask(patience) != nil && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
}

// kill ends the process at once; its connections are reset.
func (p *chaosPeer) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// begin and end note a fault.
func (p *chaosPeer) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, span{from: time.Now()})
}

func (p *chaosPeer) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults[len(p.faults)-1].to = time.Now()
}

// restart has the process be away for a while.
func (p *chaosPeer) restart(away time.Duration) {
	p.begin()
	p.kill()
	time.Sleep(away)
	p.start()
	p.end()
}

// freeze has the process stand still for a while: its sockets take connections and bytes.
func (p *chaosPeer) freeze(still time.Duration) {
	p.begin()
	_ = p.cmd.Process.Signal(syscall.SIGSTOP) // it runs
	time.Sleep(still)
	_ = p.cmd.Process.Signal(syscall.SIGCONT)
	p.end()
}

// faulty tells whether there was a fault between two times; slowness counts as one if it may be the reason.
func (p *chaosPeer) faulty(from, to time.Time, slow bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	spans := p.faults
	if slow {
		spans = append(spans[:len(spans):len(spans)], p.slow...)
	}
	for _, s := range spans {
		if s.from.Before(to) && (s.to.IsZero() || s.to.After(from)) {
			return true
		}
	}
	return false
}

// ask asks the peer without the proxy.
func (p *chaosPeer) ask(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+"/health", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if line, _ := bufio.NewReader(resp.Body).ReadString('\n'); resp.StatusCode != http.StatusOK || !strings.HasPrefix(line, "/health") {
		return fmt.Errorf("%s: %q", resp.Status, line)
	}
	return nil
}

// watch notes when the peer is slow by itself, until stop is closed.
func (p *chaosPeer) watch(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(25 * time.Millisecond):
		}
		asked := time.Now()
		if err := p.ask(chaosTimeout); err != nil || time.Since(asked) > chaosTimeout/3 {
			p.mu.Lock()
			p.slow = append(p.slow, span{asked, time.Now()})
			p.mu.Unlock()
		}
	}
}
