package api

import (
	"os"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/upstream"
)

// save writes the servers of a group to its state file, if it has one. The file is
// renamed into place. A failure is logged: the change is in effect nevertheless. The
// caller holds process.change.
func (c *call) save(u *pass.Upstream) {
	path := u.StateFile()
	if path == "" {
		return
	}
	var b strings.Builder
	for _, s := range u.Group().Servers() {
		if s.Parent < 0 {
			line(&b, &s.Server)
		}
	}
	temp := path + "." + strconv.Itoa(os.Getpid())
	err := os.WriteFile(temp, []byte(b.String()), 0o644) //nolint:gosec // as nginx's; there is no secret in it
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		c.r.Logf(errlog.Crit, err, `writing the state of upstream "%s" to "%s" failed`, u.Host, path)
	}
}

// line writes a server directive.
func line(b *strings.Builder, s *upstream.Server) {
	b.WriteString("server " + s.Name)
	param := func(name, value string) { b.WriteString(" " + name + "=" + value) }
	if s.Host != "" {
		b.WriteString(" resolve")
		if s.Service != "" {
			param("service", s.Service)
		}
	}
	if s.Weight != 1 {
		param("weight", strconv.Itoa(s.Weight))
	}
	if s.MaxConns != 0 {
		param("max_conns", strconv.Itoa(s.MaxConns))
	}
	if s.MaxFails != 1 {
		param("max_fails", strconv.Itoa(s.MaxFails))
	}
	if s.FailTimeout != 10 {
		param("fail_timeout", strconv.FormatInt(s.FailTimeout, 10)+"s")
	}
	if s.SlowStart != 0 {
		param("slow_start", millis(s.SlowStart))
	}
	if s.Route != "" {
		param("route", s.Route)
	}
	for _, w := range []struct {
		name string
		on   bool
	}{{"backup", s.Backup}, {"down", s.Down}, {"drain", s.Drain}} {
		if w.on {
			b.WriteString(" " + w.name)
		}
	}
	b.WriteString(";\n")
}

// plain reports whether a text can stand in a state file as it is.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"'\\;{}$#", c) >= 0 {
			return false
		}
	}
	return true
}
