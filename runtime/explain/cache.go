package explain

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
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
	default:
		c.note("no response to it is cached")
	}
	switch {
	case p.Drops != "":
		c.note("the upstream server's response is not stored: %s", p.Drops)
	case len(p.Valid) == 0:
		c.note("the response is stored if it says for how long: by X-Accel-Expires, Cache-Control or Expires, and sets no cookie")
	default:
		var list []string
		for _, v := range p.Valid {
			status := "any status"
			if v.Status != 0 {
				status = strconv.Itoa(v.Status)
			}
			list = append(list, fmt.Sprintf("%s for %v", status, time.Duration(v.Seconds)*time.Second))
		}
		c.note("the response is stored as it says itself, else %s; not if it sets a cookie or has Vary: *", strings.Join(list, ", "))
	}
	if p.Lock && p.Drops == "" {
		c.note("other requests for the key wait until the response is stored")
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
