package resolver

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An srvRecord is one SRV record (RFC 2782).
type srvRecord struct {
	name             string
	port             uint16
	priority, weight uint16
}

// A Target is one address of a service.
type Target struct {
	Addr netip.AddrPort
	// Name is the host the address is of.
	Name string
	// Priority and Weight are those of its SRV record; a lower priority is
	// tried first, a weight is at least 1.
	Priority, Weight uint16
}

// ResolveService appends the targets of a service (`server NAME service=SERVICE
// resolve`) to dst: those of lower priority first, among equals beginning with one
// chosen at random by weight. A service without a dot is looked up as
// _SERVICE._tcp.NAME, one with a dot as SERVICE.NAME. The timeout of w holds for the
// SRV record and again for the hosts it names. Hosts that cannot be resolved are left
// out while others can.
func (r *Resolver) ResolveService(dst []Target, service, name string, w Wait) (targets []Target, valid time.Time, err error) {
	name = strings.TrimSuffix(name, ".")
	query := service + "." + name
	if !strings.Contains(service, ".") {
		query = "_" + service + "._tcp." + name
	}
	res, _, err := r.follow(key{kindSRV, lowered(query)}, name, &w)
	if err != nil {
		return dst, time.Time{}, err
	}
	hosts := make([]srvHost, len(res.srv))
	var wg sync.WaitGroup
	for i := range res.srv {
		hosts[i].srvRecord = res.srv[i]
		wg.Go(func() {
			h := &hosts[i]
			defer r.caught(func() { h.err = r.fail(h.name, ServerFailure) })
			h.addrs, h.valid, h.err = r.Resolve(nil, h.name, w)
		})
	}
	wg.Wait()
	report(hosts, &w)
	valid = time.Unix(res.valid, 0)
	found := false
	for i := range hosts {
		h := &hosts[i]
		if len(h.addrs) > 0 {
			found = true
			if !h.valid.IsZero() && h.valid.Before(valid) {
				valid = h.valid
			}
		}
	}
	if !found {
		return dst, time.Time{}, r.serviceError(name, hosts)
	}
	return appendTargets(dst, hosts), valid, nil
}

// report tells of the hosts that could not be resolved.
func report(hosts []srvHost, w *Wait) {
	for i := range hosts {
		var failed *Error
		if w.Failed != nil && errors.As(hosts[i].err, &failed) {
			w.Failed(failed)
		}
	}
}

// An srvHost is a host that an SRV record names, resolved.
type srvHost struct {
	srvRecord
	addrs []netip.Addr
	valid time.Time
	err   error
}

// serviceError is why no host of a service could be resolved: one that does not
// exist decides, else the first.
func (r *Resolver) serviceError(name string, hosts []srvHost) error {
	var first error
	for i := range hosts {
		var failed *Error
		if !errors.As(hosts[i].err, &failed) {
			return hosts[i].err // cancelled or closed
		}
		if first == nil || failed.Code == HostNotFound {
			first = r.fail(name, failed.Code)
		}
		if failed.Code == HostNotFound {
			break
		}
	}
	return first
}

// appendTargets lists hosts, which are in order of priority.
func appendTargets(dst []Target, hosts []srvHost) []Target {
	for len(hosts) > 0 {
		same, weight := 0, 0
		for same < len(hosts) && hosts[same].priority == hosts[0].priority {
			weight += len(hosts[same].addrs) * int(hosts[same].weight)
			same++
		}
		group := hosts[:same]
		hosts = hosts[same:]
		if weight == 0 {
			continue
		}
		first, pick := 0, rand.IntN(weight)
		for pick >= len(group[first].addrs)*int(group[first].weight) {
			pick -= len(group[first].addrs) * int(group[first].weight)
			first++
		}
		for i := range group {
			h := &group[(first+i)%same]
			for _, a := range h.addrs {
				dst = append(dst, Target{netip.AddrPortFrom(a, h.port), h.name, h.priority, h.weight})
			}
		}
	}
	return dst
}

// sortSRV orders records by priority and keeps the server's order among equals.
func sortSRV(records []srvRecord) {
	slices.SortStableFunc(records, func(a, b srvRecord) int { return int(a.priority) - int(b.priority) })
}

// reverseName is the name whose PTR record is that of an address.
func reverseName(addr netip.Addr) string {
	const hex = "0123456789abcdef"
	b := make([]byte, 0, 72)
	if addr.Is4() {
		a := addr.As4()
		for i := 3; i >= 0; i-- {
			b = append(strconv.AppendUint(b, uint64(a[i]), 10), '.')
		}
		return string(append(b, "in-addr.arpa"...))
	}
	a := addr.As16()
	for i := 15; i >= 0; i-- {
		b = append(b, hex[a[i]&15], '.', hex[a[i]>>4], '.')
	}
	return string(append(b, "ip6.arpa"...))
}
