package issue

import (
	"net/http"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// Options are what a Manager needs of the process.
type Options struct {
	Table *acme.Table
	// Log is the log of the configuration in effect; it may return nil.
	Log func() *errlog.Logger
	// Connect returns the connections to the CA of an issuer, and what ends them; nil stands for
	// the network.
	Connect func(*acme.Issuer) (rt http.RoundTripper, release func(), err error)
}

// Manager obtains the certificates of a process. Its methods may be called by any goroutine.
type Manager struct {
	Options

	mu      sync.Mutex
	runners map[string]*runner // by the name of the issuer
	stores  map[string]*store  // of issuers without a folder, by the name
	ending  sync.WaitGroup     // runners
	closed  bool
}

// NewManager returns a Manager that does nothing yet.
func NewManager(o Options) *Manager {
	if o.Connect == nil {
		o.Connect = network
	}
	return &Manager{Options: o, runners: map[string]*runner{}, stores: map[string]*store{}}
}

// Prepare makes the state folders of a plan, and puts the certificates that they have into the
// Table, so that a server begins with them. The error is an *errno.OpError.
func (m *Manager) Prepare(p *acme.Plan) error {
	for _, i := range p.Issuers {
		if len(i.Orders) == 0 {
			continue
		}
		s := &store{dir: i.StatePath}
		if err := s.prepare(); err != nil {
			return err
		}
		for _, o := range i.Orders {
			if m.Table.Entry(o).Issued() != nil {
				continue
			}
			if c := s.load(o); c != nil {
				m.Table.Set(o, c)
			}
		}
	}
	return nil
}

// Apply makes p what is to be obtained. What p and the plan before it have goes on; what
// p does not have ends. nil ends everything, without waiting for it.
func (m *Manager) Apply(p *acme.Plan) {
	if p == nil {
		p = &acme.Plan{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	before := m.runners
	m.runners = map[string]*runner{}
	var replaced []*runner
	for _, i := range p.Issuers {
		r := before[i.Name]
		if r != nil && r.issuer.Same(i) && len(i.Orders) > 0 {
			m.runners[i.Name] = r
			delete(before, i.Name)
		}
	}
	for _, r := range before {
		r.cancel()
		replaced = append(replaced, r)
	}
	for _, i := range p.Issuers {
		if len(i.Orders) == 0 {
			continue
		}
		if m.runners[i.Name] == nil {
			m.runners[i.Name] = m.start(i, replaced)
		}
		m.runners[i.Name].want(i.Orders)
	}
}

// start starts the runner of an issuer, which begins when those of after have ended.
func (m *Manager) start(i *acme.Issuer, after []*runner) *runner {
	s := &store{dir: i.StatePath}
	if i.StatePath == "" {
		name := i.Name + "\x00" + i.URI + "\x00" + i.AccountKey.String()
		if m.stores[name] == nil {
			m.stores[name] = s
		}
		s = m.stores[name]
	}
	r := newRunner(m, i, s)
	m.ending.Go(func() { r.run(after) })
	return r
}

// Close ends everything and waits for it. The Manager is of no use afterwards.
func (m *Manager) Close() {
	m.Apply(nil)
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.ending.Wait()
}

// logger writes to the log of a configuration.
type logger func(lv errlog.Level, format string, args ...any)

// logFor returns what logs about a thing.
func (m *Manager) logFor(about string) logger {
	return func(lv errlog.Level, format string, args ...any) {
		m.Log().Log(lv, 0, nil, nil, "acme: "+format+", "+about, args...)
	}
}
