package ssl

import (
	"slices"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/netio/tlsconf"
)

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// sessionCache is ssl_session_cache; none: no shared cache is used, the enclosing
// block's included.
type sessionCache struct {
	tlsconf.SessionCacheSpec
	none bool
}

// setSessionCache reads ssl_session_cache. Several in one block add up; the
// zone alone is inherited.
func (c *settings) setSessionCache(cmd *conf.Cmd) error {
	given, err := tlsconf.ParseSessionCache(cmd.Values())
	if err != nil {
		return cmd.Errorf("%s", err.Error())
	}
	now := c.sessions.V
	if !c.sessions.SetAt(cmd.Block) {
		now.Off, now.Builtin, now.none = false, 0, false
	}
	if given.Zone != "" {
		if err := cmd.SharedZone(given.Zone, given.ZoneSize, "ngx_http_ssl_module"); err != nil {
			return err
		}
		now.Zone, now.ZoneSize = given.Zone, given.ZoneSize
	}
	if last := slices.DeleteFunc(cmd.Values(), isShared); len(last) > 0 {
		now.Off, now.Builtin = given.Off, given.Builtin
		now.none = last[len(last)-1] == "none"
	}
	c.sessions.Set(cmd.Block, now)
	return nil
}

func isShared(arg string) bool { return strings.HasPrefix(arg, "shared:") }

// checkOCSPCache reads ssl_ocsp_cache, which has a meaning only with ssl_ocsp.
func checkOCSPCache(cmd *conf.Cmd) error {
	arg := cmd.Arg(0)
	if arg == "off" {
		return nil
	}
	rest, ok := strings.CutPrefix(arg, "shared:")
	name, size, sized := strings.Cut(rest, ":")
	n, valid := conf.ParseSize(size)
	switch {
	case !ok || !sized || name == "" || !valid:
		return cmd.Errorf(`invalid OCSP cache "%s"`, arg)
	case n < 8*4096:
		return cmd.Errorf(`OCSP cache "%s" is too small`, arg)
	}
	return cmd.SharedZone(name, n, "ngx_http_ssl_module ocsp")
}
