package issue

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// atOnce is how many orders of an issuer are under way at a time.
const atOnce = 4

// lockEvery is how often the lock of a folder is tried that another process has.
const lockEvery = 10 * time.Second

// runner does the work of one issuer.
type runner struct {
	m      *Manager
	issuer *acme.Issuer
	store  *store
	log    logger
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}
	ready  chan struct{} // closed when ca is there
	ca     *ca
	slots  chan struct{}

	mu   sync.Mutex
	jobs map[string]*job // by the ID of the order; those that were cancelled, too, until they have ended
	work sync.WaitGroup  // jobs
}

func newRunner(m *Manager, i *acme.Issuer, s *store) *runner {
	r := &runner{
		m: m, issuer: i, store: s, log: m.logFor(`acme issuer: "` + i.Name + `"`), ended: make(chan struct{}),
		ready: make(chan struct{}), slots: make(chan struct{}, atOnce), jobs: map[string]*job{},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// run lives until the runner is cancelled.
func (r *runner) run(after []*runner) {
	defer close(r.ended)
	defer r.work.Wait()
	for _, other := range after {
		<-other.ended
	}
	release, ok := r.lock()
	if !ok {
		return
	}
	defer release()
	rt, disconnect, err := r.m.Connect(r.issuer)
	if err != nil {
		r.log(errlog.Error, "%s", clean(err))
		return
	}
	defer disconnect()
	r.ca = newCA(r.issuer, r.store, r.m.Table, rt, r.log)
	close(r.ready)
	<-r.ctx.Done()
	r.work.Wait()
}

// lock waits for the state folder. False: the runner was cancelled.
func (r *runner) lock() (release func(), ok bool) {
	if r.store.dir == "" {
		return func() {}, r.ctx.Err() == nil
	}
	told := false
	for {
		f, err := r.store.lock()
		switch {
		case f != nil:
			return func() { _ = f.Close() }, true // which nothing was written to
		case told:
		case err != nil:
			r.log(errlog.Error, "cannot lock the state folder: %s", err.Error())
		default:
			r.log(errlog.Notice, "another process uses the state folder, process %d waits", os.Getpid())
		}
		told = true
		if !sleep(r.ctx, lockEvery) {
			return nil, false
		}
	}
}

// want makes orders those of the runner. It is called before the runner is cancelled.
func (r *runner) want(orders []*acme.Order) {
	r.mu.Lock()
	defer r.mu.Unlock()
	wanted := map[string]bool{}
	for _, o := range orders {
		if wanted[o.ID] {
			continue
		}
		wanted[o.ID] = true
		before := r.jobs[o.ID]
		if before != nil && before.ctx.Err() == nil {
			before.retry()
			continue
		}
		j := newJob(r, o)
		r.jobs[o.ID] = j
		r.work.Go(func() { j.run(before) })
	}
	for id, j := range r.jobs {
		if !wanted[id] {
			j.cancel()
		}
	}
}

// forget is called when a job has ended.
func (r *runner) forget(j *job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.jobs[j.order.ID] == j {
		delete(r.jobs, j.order.ID)
	}
}

// sleep waits for d. False: ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
