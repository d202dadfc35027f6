package acme

import (
	"context"
	"errors"
	"strings"
)

// Hook is a challenge that is met by something else: the application behind acme_hook, which adds a
// record to the DNS (RFC 8555, 8.4) and removes it afterwards.
type Hook struct {
	Issuer    string
	Challenge string // its type
	Domain    string // without "*."
	Token     string
	Auth      string // for dns-01 the text of the record
}

// What a hook is called for.
const (
	HookAdd    = "add"
	HookRemove = "remove"
)

// HookFunc calls a hook and waits for it to have done what it is called for.
type HookFunc func(action string, h Hook) error

// hooks are those of a Table, under its lock.
type hooks struct {
	call  HookFunc      // of the configuration that serves
	ready chan struct{} // closed when call is there
	calls map[Hook]*hookCall
}

// hookCall is a hook that was called for HookAdd.
type hookCall struct {
	done chan struct{} // closed when it has returned
	err  error
}

// SetHooks makes call what hooks are called by from now on.
func (t *Table) SetHooks(call HookFunc) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hooks.call == nil {
		close(t.hooks.ready)
	}
	t.hooks.call = call
}

// AnswerHook has a hook called. remove takes it back.
func (t *Table) AnswerHook(h Hook) (remove func(), err error) {
	return t.answer(&challenge{Hook: h})
}

// callHooks calls the hooks that have come with next, and those that have gone. The caller has the lock.
func (t *Table) callHooks(next *challenges) {
	if t.changes.follow != nil {
		return // those who serve do it
	}
	for h, c := range t.hooks.calls {
		if !next.hooks[h] {
			delete(t.hooks.calls, h)
			go t.callHook(c.done, &hookCall{done: make(chan struct{})}, HookRemove, h)
		}
	}
	begun := make(chan struct{})
	close(begun)
	for h := range next.hooks {
		if t.hooks.calls[h] == nil {
			c := &hookCall{done: make(chan struct{})}
			t.hooks.calls[h] = c
			go t.callHook(begun, c, HookAdd, h)
		}
	}
}

// errHookPanic stands for a hook that has crashed.
var errHookPanic = errors.New("the hook has crashed")

// callHook calls a hook once after is closed and there is a configuration.
func (t *Table) callHook(after <-chan struct{}, c *hookCall, action string, h Hook) {
	defer close(c.done)
	<-after
	<-t.hooks.ready
	t.mu.Lock()
	call := t.hooks.call
	t.mu.Unlock()
	defer func() {
		if recover() != nil {
			c.err = errHookPanic
		}
	}()
	c.err = call(action, h)
}

// Hooked waits until every hook has returned, or ctx ends, and returns the marks of those that have failed, for Confirm.
func (t *Table) Hooked(ctx context.Context) (failed []uint64) {
	t.mu.Lock()
	calls := map[Hook]*hookCall{}
	for h, c := range t.hooks.calls {
		calls[h] = c
	}
	t.mu.Unlock()
	for h, c := range calls {
		select {
		case <-c.done:
		case <-ctx.Done():
		}
		if !c.succeeded() {
			failed = append(failed, h.mark())
		}
	}
	return failed
}

// succeeded reports whether the hook has returned without an error.
func (c *hookCall) succeeded() bool {
	select {
	case <-c.done:
		return c.err == nil
	default:
		return false
	}
}

// mark identifies a hook.
func (h Hook) mark() uint64 {
	return sip([]byte(strings.Join([]string{h.Issuer, h.Challenge, h.Domain, h.Token, h.Auth}, "\x00")))
}

// errHook is why a challenge is not met.
var errHook = errors.New("acme_hook has failed")
