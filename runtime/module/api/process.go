package api

import (
	"os"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/product"
)

// process is what the API tells of the process, and from where on it counts. It
// outlives configurations.
type process struct {
	change sync.Mutex // held while servers change, and their state file is written

	mu         sync.Mutex // for the rest
	generation int        // configurations that were loaded
	loadedAt   time.Time
	// What the counts were when they were set to 0.
	accepted, dropped, total, respawned int64
	tls                                 front.TLSCounts
}

func newProcess() *process { return &process{} }

// loaded notes that a configuration begins to serve.
func (p *process) loaded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.generation++
	p.loadedAt = time.Now()
}

// nginx is /nginx. The first configuration has the number 1, as in nginx.
func (p *process) nginx(r *httpd.Request) object {
	p.mu.Lock()
	defer p.mu.Unlock()
	return object{
		{"version", product.Compatible},
		{"build", product.Name + "-" + product.Version},
		{"address", string(r.Client().Socket.Local().AppendHost(nil))},
		{"generation", p.generation},
		{"load_timestamp", stamp(p.loadedAt)},
		{"timestamp", stamp(time.Now())},
		{"pid", os.Getpid()},
		{"ppid", os.Getppid()},
	}
}

func (p *process) processes(s *httpd.Stats) object {
	p.mu.Lock()
	defer p.mu.Unlock()
	return object{{"respawned", max(s.Respawned.Load()-p.respawned, 0)}}
}

func (p *process) resetProcesses(s *httpd.Stats) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.respawned = s.Respawned.Load()
}

func (p *process) connections(s *httpd.Stats) object {
	p.mu.Lock()
	defer p.mu.Unlock()
	accepted, waiting := s.Accepted.Load(), s.Waiting.Load()
	return object{
		{"accepted", accepted - p.accepted},
		{"dropped", max(accepted-s.Handled.Load()-p.dropped, 0)},
		{"active", max(s.Active.Load()-waiting, 0)},
		{"idle", waiting},
	}
}

func (p *process) resetConnections(s *httpd.Stats) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.accepted = s.Accepted.Load()
	p.dropped = p.accepted - s.Handled.Load()
}

func (p *process) requests(s *httpd.Stats) object {
	p.mu.Lock()
	defer p.mu.Unlock()
	return object{
		{"total", s.Requests.Load() - p.total},
		{"current", s.Reading.Load() + s.Writing.Load()},
	}
}

func (p *process) resetRequests(s *httpd.Stats) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = s.Requests.Load()
}

func (p *process) ssl(s *httpd.Stats) object {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := s.TLS.Counts().Since(&p.tls)
	return object{
		{"handshakes", n.Handshakes},
		{"handshakes_failed", n.Failed},
		{"session_reuses", n.Reuses},
		{"no_common_protocol", n.NoProtocol},
		{"no_common_cipher", n.NoCipher},
		{"handshake_timeout", n.TimedOut},
		{"peer_rejected_cert", n.Rejected},
	}
}

func (p *process) resetSSL(s *httpd.Stats) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tls = s.TLS.Counts()
}

func (p *process) worker(s *httpd.Stats) object {
	return object{
		{"id", 0},
		{"pid", os.Getpid()},
		{"connections", p.connections(s)},
		{"http", object{{"requests", p.requests(s)}}},
	}
}

func (p *process) resetWorker(s *httpd.Stats) {
	p.resetConnections(s)
	p.resetRequests(s)
}
