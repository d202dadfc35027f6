package explain

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
)

// cache notes what the cache has to do with a request that is passed on.
func (c *recorder) cache(p *pass.CachePlan) {
	if p.Zone == "" {
		return
	}
	if p.Key != "" {
		c.note(`the cache %s has responses to such requests under the key "%s"`, p.Zone, p.Key)
	}
	switch {
	case p.Passes != "":
		c.note("the cache is not asked: %s", p.Passes)
	case p.Held:
		c.note("a response is cached, %s", freshness(p.Until, time.Now().Unix()))
		c.rfc9111(p)
	default:
		c.note("no response to it is cached")
	}
	switch {
	case !p.Stale || p.Passes != "":
	case p.Background:
		c.note("it is sent nevertheless, and updated in the background")
	default:
		c.note("one request has it updated; the others get it nevertheless until then")
	}
	if p.Drops != "" {
		c.note("the upstream server's response is not stored: %s", p.Drops)
	} else {
		c.note("%s", stored(p))
	}
	if p.RFC9111 != nil && p.RFC9111.Invalidates {
		c.note("if it succeeds, what is cached for its URI, and for those in Location and Content-Location, is removed")
	}
	if p.Lock && p.Drops == "" {
		c.note("other requests for the key wait until the response is stored")
	}
}

// stored says when the response is stored, and for how long.
func stored(p *pass.CachePlan) string {
	var fields, times, unless []string
	for _, f := range [...]struct {
		ignore caching.Ignore
		name   string
	}{{caching.IgnoreAccelExpires, "X-Accel-Expires"}, {caching.IgnoreCacheControl, "Cache-Control"}, {caching.IgnoreExpires, "Expires"}} {
		if p.Ignore&f.ignore == 0 {
			fields = append(fields, f.name)
		}
	}
	for _, v := range p.Valid {
		status := "any status"
		if v.Status != 0 {
			status = strconv.Itoa(v.Status)
		}
		if v.Seconds == 0 {
			times = append(times, status+" not at all")
			continue
		}
		times = append(times, fmt.Sprintf("%s for %v", status, time.Duration(v.Seconds)*time.Second))
	}
	text := ""
	switch {
	case p.RFC9111 != nil:
		text = "the response is stored as RFC 9111 allows a shared cache"
		if len(times) > 0 {
			text += ", where it does not say for how long " + strings.Join(times, ", ")
		}
	case len(fields) == 0 && len(times) == 0:
		return "the upstream server's response is not stored: *_cache_valid is not set, and *_ignore_headers has all that the response could say"
	case len(times) == 0:
		text = "the response is stored if it says for how long: by " + or(fields)
	case len(fields) == 0:
		text = "the response is stored, " + strings.Join(times, ", ")
	case len(fields) == 3:
		text = "the response is stored as it says itself, else " + strings.Join(times, ", ")
	default:
		text = "the response is stored as it says itself by " + or(fields) + ", else " + strings.Join(times, ", ")
	}
	switch {
	case p.Ignore&caching.IgnoreSetCookie == 0:
		unless = append(unless, "sets a cookie")
	case !p.NoCookies:
		text += "; also if it sets a cookie, which others get then"
	}
	if p.Ignore&caching.IgnoreVary == 0 {
		unless = append(unless, "has Vary: *")
	}
	if len(unless) > 0 {
		text += "; not if it " + or(unless)
	}
	return text
}

// or lists words.
func or(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// rfc9111 notes what RFC 9111 says of the response that is held.
func (c *recorder) rfc9111(p *pass.CachePlan) {
	s := p.RFC9111
	if s == nil {
		return
	}
	c.note("its age is %v; how long it is fresh says %s", time.Duration(s.Age)*time.Second, s.Basis)
	stale := p.Until < time.Now().Unix()
	switch {
	case s.Validates != "":
		c.note("it does not answer this request without being validated, which says %s", s.Validates)
	case stale && s.Strict == "":
		c.note("it is validated before it is sent; if that fails, *_cache_use_stale and the request's max-stale decide")
	case stale:
		c.note("it is validated before it is sent, and not sent if that fails: it says %s", s.Strict)
	}
}

// freshness says until when a response may be used.
func freshness(until, now int64) string {
	d := time.Duration(until-now) * time.Second
	if d < 0 {
		return fmt.Sprintf("and is too old since %v", -d)
	}
	return fmt.Sprintf("and is fresh for %v", d)
}
