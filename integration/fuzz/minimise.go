package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
)

// trialLimit bounds how many trials go into making one difference smaller.
const trialLimit = 150

// minimise leaves out of a trial what the difference does not need.
func (p *player) minimise(ctx context.Context, t *trial, d difference) (*trial, difference) {
	left := trialLimit
	try := func(next *trial) bool {
		if left--; left < 0 || ctx.Err() != nil {
			return false
		}
		found, err := p.differences(ctx, next)
		if err != nil {
			return false
		}
		i := slices.IndexFunc(found, func(f difference) bool { return f.kind == d.kind })
		if i >= 0 {
			d, t = found[i], next
		}
		return i >= 0
	}
	p.fewerRequests(t, d, try)
	for _, n := range t.conf.all() {
		if t.gone[n] || t.outer(n) {
			continue
		}
		gone := maps.Clone(t.gone)
		if gone == nil {
			gone = map[*node]bool{}
		}
		gone[n] = true
		try(&trial{conf: t.conf, protocol: t.protocol, requests: t.requests, gone: gone, fields: t.fields})
	}
	for _, r := range t.requests {
		for i := len(r.first) - 1; i > 0; i-- {
			fields := maps.Clone(t.fields)
			if fields == nil {
				fields = map[*request]map[int]bool{}
			}
			lines := maps.Clone(fields[r])
			if lines == nil {
				lines = map[int]bool{}
			}
			lines[i] = true
			fields[r] = lines
			try(&trial{conf: t.conf, protocol: t.protocol, requests: t.requests, gone: t.gone, fields: fields})
		}
	}
	return t, d
}

// outer tells whether a node is in a block that is left out.
func (t *trial) outer(n *node) bool {
	for g := range t.gone {
		if slices.Contains(g.all(), n) {
			return true
		}
	}
	return false
}

// fewerRequests keeps the one request of the difference, if that shows it, or what is needed to come to it.
func (p *player) fewerRequests(t *trial, d difference, try func(*trial) bool) {
	if strings.HasPrefix(d.kind, "-t") && try(&trial{conf: t.conf, protocol: t.protocol, gone: t.gone, fields: t.fields}) {
		return
	}
	for _, r := range t.requests {
		if r.id == d.request && try(&trial{conf: t.conf, protocol: t.protocol, requests: []*request{r}, gone: t.gone, fields: t.fields}) {
			return
		}
	}
	requests := t.requests
	for size := (len(requests) + 1) / 2; size > 0; size /= 2 {
		for at := 0; at < len(requests); {
			fewer := slices.Concat(requests[:at], requests[min(at+size, len(requests)):])
			if len(fewer) > 0 && try(&trial{conf: t.conf, protocol: t.protocol, requests: fewer, gone: t.gone, fields: t.fields}) {
				requests = fewer
			} else {
				at += size
			}
		}
	}
}

// steady plays a trial, again if it differs. What differs each time is a difference; the rest, which depends on how bytes
// and events fell together, is fleeting.
func (p *player) steady(ctx context.Context, t *trial) (found, fleeting []difference, err error) {
	if found, err = p.differences(ctx, t); err != nil || len(found) == 0 {
		return nil, nil, err
	}
	again, err := p.differences(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	for i, d := range found {
		if slices.ContainsFunc(again, func(o difference) bool { return o.kind == d.kind && o.request == d.request }) {
			continue
		}
		fleeting = append(fleeting, d)
		found[i].kind = ""
	}
	return slices.DeleteFunc(found, func(d difference) bool { return d.kind == "" }), fleeting, nil
}

// differences plays a trial, or compares how it is refused.
func (p *player) differences(ctx context.Context, t *trial) ([]difference, error) {
	found, err := p.play(ctx, t)
	if errors.As(err, &errNotStarted{}) {
		t.refused = true
		return p.refuse(ctx, t)
	}
	return found, err
}

// standsStill tells whether err says that nginx did not stop, where a row of the table explains it.
func (p *player) standsStill(t *trial, err error) bool {
	const how = "did not stop"
	return strings.HasPrefix(err.Error(), "oracle: ") && strings.Contains(err.Error(), how) &&
		len(p.known.Unexplained(t.words(), "stop", []string{"-" + how})) == 0
}
