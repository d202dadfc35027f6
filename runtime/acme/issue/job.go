package issue

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	api "github.com/mholt/acmez/v3/acme"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// job keeps the certificate of one order current. Its fields without a comment of their own
// belong to its goroutine.
type job struct {
	r      *runner
	order  *acme.Order
	log    logger
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}
	kick   chan struct{} // see retry

	cert    *acme.Certificate // nil: none yet
	renewAt time.Time
	askAt   time.Time // when to ask for renewal information; zero: never
	window  [2]time.Time
	retryAt time.Time // after a failure
	fails   int
	over    bool // only another configuration helps
}

func newJob(r *runner, o *acme.Order) *job {
	j := &job{
		r: r, order: o, ended: make(chan struct{}), kick: make(chan struct{}, 1),
		log: r.m.logFor(`acme issuer: "` + r.issuer.Name + `", order: "` + o.ID + `"`),
	}
	j.ctx, j.cancel = context.WithCancel(r.ctx)
	return j
}

// retry makes a job try again that has given up.
func (j *job) retry() {
	select {
	case j.kick <- struct{}{}:
	default:
	}
}

// run lives until the job is cancelled. before is a job for the same order that is about to end, nil
// for none.
func (j *job) run(before *job) {
	defer j.r.forget(j)
	defer close(j.ended)
	if before != nil {
		<-before.ended
	}
	select {
	case <-j.r.ready:
	case <-j.ctx.Done():
		return
	}
	j.load()
	for j.wait() {
		select {
		case j.r.slots <- struct{}{}:
		case <-j.ctx.Done():
			return
		}
		j.step()
		<-j.r.slots
	}
}

// load takes the certificate that is there, which another process may have obtained meanwhile, or the
// job of an issuer with another folder.
func (j *job) load() {
	c := j.r.store.load(j.order)
	entry := j.r.m.Table.Entry(j.order)
	switch have := entry.Issued(); {
	case have == nil && c == nil:
		return
	case have == nil || c != nil && have.TLS.Leaf.NotAfter.Before(c.TLS.Leaf.NotAfter):
		j.r.m.Table.Set(j.order, c)
	case c == nil:
		c = have
		j.save(c)
	default:
		c = have
	}
	j.take(c)
	if j.foreign() {
		j.renewAt, j.askAt = wall(), time.Time{}
	}
}

// foreign reports whether the certificate is of another CA than the one that the issuer names by now.
func (j *job) foreign() bool { return j.cert != nil && j.cert.CA != "" && j.cert.CA != j.r.issuer.URI }

// save stores a certificate. Where that fails it is obtained again after a restart.
func (j *job) save(c *acme.Certificate) {
	if err := j.r.store.save(j.order, c); err != nil {
		j.log(errlog.Warn, "%s while writing the state folder", err.Error())
	}
}

// take makes c the certificate of the job.
func (j *job) take(c *acme.Certificate) {
	j.cert, j.fails, j.retryAt = c, 0, time.Time{}
	j.renewAt = renewal(c.TLS.Leaf.NotBefore, c.TLS.Leaf.NotAfter)
	j.askAt, j.window = wall(), [2]time.Time{}
}

// renewSoonest is how long a certificate is kept that is new, whatever the CA says about it: a CA that
// always wants a renewal at once is not asked in a loop. For a short life it is a tenth of that.
const renewSoonest = 6 * time.Hour

// shortLife is the lifetime up to which a certificate is renewed at half of it.
const shortLife = 10 * 24 * time.Hour

// renewal is when a certificate is renewed that is valid from one time to the other, where the CA
// does not say: as nginx does.
func renewal(from, to time.Time) time.Time {
	life := to.Sub(from)
	at := life * 2 / 3
	if life <= shortLife {
		at = life / 2
	}
	return from.Add(jitter(at, life/50))
}

// jitter is d, give or take up to by.
func jitter(d, by time.Duration) time.Duration {
	if by <= 0 {
		return d
	}
	return d - by + rand.N(2*by) // it spreads load, it hides nothing
}

// wall is the time of the clock, which may be set: what is planned for a date is compared with that.
func wall() time.Time { return time.Now().Round(0) }

// longestWait bounds a wait, so that a clock that is set is noticed.
const longestWait = time.Hour

// wait waits until there is something to do. False: the job was cancelled.
func (j *job) wait() bool {
	for {
		left := longestWait
		if !j.over {
			left = min(left, j.due().Sub(wall()))
			if left <= 0 {
				return j.ctx.Err() == nil
			}
		}
		t := time.NewTimer(left)
		select {
		case <-t.C:
		case <-j.kick:
			if j.over {
				j.over, j.retryAt = false, time.Time{}
				j.r.ca.again()
			}
		case <-j.ctx.Done():
			t.Stop()
			return false
		}
		t.Stop()
	}
}

// due is when there is something to do, in the past for at once.
func (j *job) due() time.Time {
	at := j.retryAt
	if j.cert != nil && j.renewAt.After(at) {
		at = j.renewAt
	}
	if j.cert != nil && !j.askAt.IsZero() && j.askAt.Before(at) {
		at = j.askAt
	}
	return at
}

// step does what is due. A panic over what a CA has sent ends the attempt.
func (j *job) step() {
	defer func() {
		if p := recover(); p != nil {
			j.log(errlog.Alert, "%s", errlog.Panic(p))
			j.fails++
			j.retryAt = wall().Add(askFailed)
			j.askAt = j.retryAt
		}
	}()
	now := wall()
	if j.cert != nil && !j.askAt.IsZero() && !now.Before(j.askAt) {
		j.ask(now)
	}
	if j.ctx.Err() == nil && !now.Before(j.retryAt) && (j.cert == nil || !now.Before(j.renewAt)) {
		j.obtain()
	}
}

// When renewal information is asked for again: what the CA says, within bounds, and the time
// after a failure.
const (
	askAgain   = 12 * time.Hour
	askSoonest = time.Minute
	askLatest  = 24 * time.Hour
	askFailed  = 6 * time.Hour
)

// ask asks the CA when to renew the certificate (RFC 9773, 4).
func (j *job) ask(now time.Time) {
	ctx, cancel := context.WithTimeout(j.ctx, requestTime)
	defer cancel()
	leaf := j.cert.TLS.Leaf
	ari, err := j.r.ca.client().GetRenewalInfo(ctx, leaf)
	switch {
	case j.ctx.Err() != nil:
		return
	case errors.Is(err, api.ErrUnsupported):
		j.askAt = time.Time{}
		return
	case err != nil:
		j.askAt = now.Add(jitter(askFailed, askFailed/10))
		j.log(errlog.Warn, "%s while updating renewal info", clean(err))
		return
	}
	again := askAgain
	if ari.RetryAfter != nil {
		again = min(max(ari.RetryAfter.Sub(now), askSoonest), askLatest)
	}
	j.askAt = now.Add(again)
	window := [2]time.Time{ari.SuggestedWindow.Start, ari.SuggestedWindow.End}
	switch {
	case window[1].After(leaf.NotAfter):
		j.log(errlog.Warn, "invalid renewal window while updating renewal info")
	case !window[0].Equal(j.window[0]) || !window[1].Equal(j.window[1]):
		j.window, j.renewAt = window, ari.SelectedTime
		j.log(errlog.Info, "renewal is suggested from %s to %s", stamp(window[0]), stamp(window[1]))
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// obtain obtains a certificate.
func (j *job) obtain() {
	var after time.Duration
	ctx := noteRetry(j.ctx, &after)
	old := j.cert
	if j.foreign() {
		old = nil // which this CA does not know
	}
	cert, err := j.r.ca.obtain(ctx, j.order, old)
	if j.ctx.Err() != nil {
		return
	}
	if err != nil {
		j.failed(err, after)
		return
	}
	j.save(cert)
	j.r.m.Table.Set(j.order, cert)
	j.take(cert)
	life := cert.TLS.Leaf.NotAfter.Sub(cert.TLS.Leaf.NotBefore)
	j.retryAt = wall().Add(min(renewSoonest, life/10))
	j.log(errlog.Info, "certificate issued, renewal scheduled at %s", stamp(j.renewAt))
}

// retryDelay is how long a job waits after so many failures, from the first on; the last one
// holds for those that follow.
func retryDelay(fails int) time.Duration {
	delays := [...]time.Duration{
		time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour,
	}
	return delays[min(max(fails, 1), len(delays))-1]
}

// failed plans the next attempt. after is what the CA has said in Retry-After.
func (j *job) failed(err error, after time.Duration) {
	if errors.As(err, &permanent{}) || badOrder(err) {
		j.over = true
		j.log(errlog.Error, "%s while updating certificate, no further attempt until the configuration is loaded again", clean(err))
		return
	}
	j.fails++
	d := retryDelay(j.fails)
	d = max(jitter(d, d/10), after)
	j.retryAt = wall().Add(d)
	j.log(errlog.Warn, "%s while updating certificate, next attempt in %s", clean(err), d.Round(time.Second).String())
}
