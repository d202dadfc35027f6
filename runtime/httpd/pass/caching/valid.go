package caching

import "github.com/sluiceproxy/sluice/runtime/conf"

// Valid is how long a response with a status is fresh: one pair of *_cache_valid.
type Valid struct {
	Status  int   // 0: any
	Seconds int64 // 0: it is not kept
}

// defaultStatuses are those of a *_cache_valid that names none.
var defaultStatuses = []int{200, 301, 302}

// setValid reads [code ...] time.
func (s *Settings) setValid(c *conf.Cmd) error {
	last := len(c.Args) - 1
	seconds, ok := conf.ParseSec(c.Arg(last))
	if !ok {
		return c.Errorf(`invalid time value "%s"`, c.Arg(last))
	}
	if last == 0 {
		for _, n := range defaultStatuses {
			s.Valid.Add(c.Block, Valid{n, seconds})
		}
		return nil
	}
	for _, a := range c.Args[:last] {
		n := 0
		if a.Value != "any" {
			n, ok = conf.ParseInt(a.Value)
			if !ok || n < 100 || n > 599 {
				return c.Errorf(`invalid status "%s"`, a.Value)
			}
		}
		s.Valid.Add(c.Block, Valid{n, seconds})
	}
	return nil
}

// Lifetime returns how many seconds a response with a status is fresh by *_cache_valid, of
// which the first that fits counts: 0 where none does, -1 where it says that the response is
// not kept.
func (s *Settings) Lifetime(status int) int64 {
	for _, v := range s.Valid.Items {
		if v.Status == 0 || v.Status == status {
			if v.Seconds == 0 {
				return -1
			}
			return v.Seconds
		}
	}
	return 0
}

// ValidFor is Lifetime with 0 for a response that is not kept.
func (s *Settings) ValidFor(status int) int64 { return max(s.Lifetime(status), 0) }
