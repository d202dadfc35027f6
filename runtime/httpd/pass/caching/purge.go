package caching

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Purge is *_cache_purge, in one of three forms:
//
//	proxy_cache_purge $purge_method ...;              # as documented for nginx
//	proxy_cache_purge PURGE from 127.0.0.1 10.0.0.0/8; # as the module ngx_cache_purge has it
//	proxy_cache_purge zone $1$is_args$args;            # ... a location of its own
//
// The first removes the entry with the request's key when one of the values is neither
// empty nor "0". The second does so for requests with a method. The third removes the
// entry with the key that is given.
type Purge struct {
	values []*script.Value
	method string
	open   bool           // any client may use the method
	from   []netip.Prefix // ... or those
	Path   *Path          // the third form
	Key    *script.Value
}

// On reports whether the block has the directive.
func (p *Purge) On() bool { return p.values != nil || p.method != "" || p.Path != nil }

// Own reports whether requests do nothing but purge: the form with a zone.
func (p *Purge) Own() bool { return p.Path != nil }

// Module reports whether a purge is answered as ngx_cache_purge does.
func (p *Purge) Module() bool { return p.values == nil }

// set reads *_cache_purge.
func (p *Purge) set(b *httpd.Builder, c *conf.Cmd, paths *Paths) error {
	*p = Purge{}
	first := c.Arg(0)
	fixed := !strings.Contains(first, "$")
	switch {
	case fixed && len(c.Args) == 1 && first == "off":
		return nil
	case fixed && len(c.Args) == 2 && paths.byName[first] != nil:
		key, err := b.Value(c, 1)
		p.Path, p.Key = paths.byName[first], key
		p.Path.used = true
		return err
	case fixed && (len(c.Args) == 1 || c.Arg(1) == "from"):
		return p.setMethod(c)
	}
	for i := range c.Args {
		v, err := b.Value(c, i)
		if err != nil {
			return err
		}
		p.values = append(p.values, v)
	}
	return nil
}

// setMethod reads method [from all|address ...].
func (p *Purge) setMethod(c *conf.Cmd) error {
	if p.method = c.Arg(0); p.method == "on" {
		p.method = "PURGE"
	}
	if len(c.Args) == 1 {
		p.open = true
		return nil
	}
	if len(c.Args) == 2 {
		return c.Errorf(`invalid number of arguments in "%s" directive`, c.Name.Value)
	}
	for _, a := range c.Args[2:] {
		if a.Value == "all" {
			p.open = true
			continue
		}
		prefix, exact, ok := netaddr.ParseCIDR(a.Value)
		if !ok {
			return c.Errorf(`invalid parameter "%s"`, a.Value)
		}
		if !exact {
			c.Warnf("low address bits of %s are meaningless", a.Value)
		}
		p.from = append(p.from, prefix)
	}
	return nil
}

// Wanted reports whether a request purges. allowed is false where its client may not.
func (p *Purge) Wanted(r *httpd.Request) (wanted, allowed bool) {
	switch {
	case p.values != nil:
		return AnySet(r, p.values), true
	case p.method == "" || string(r.MethodStr) != p.method:
		return false, false
	case p.open:
		return true, true
	}
	ip := r.Peer().IP().Unmap()
	for _, prefix := range p.from {
		if prefix.Contains(ip) {
			return true, true
		}
	}
	return true, false
}

// Wildcard takes the asterisk off a key that ends with one.
func Wildcard(key []byte) (prefix []byte, ok bool) { return bytes.CutSuffix(key, []byte("*")) }
