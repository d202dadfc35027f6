package api

import (
	"os"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
)

// save writes the servers of a group to its state file, if it has one. The file is
// renamed into place. A failure is logged: the change is in effect nevertheless. The
// caller holds process.change.
func (c *call) save(u *pass.Upstream) {
	path := u.StateFile()
	if path == "" {
		return
	}
	temp := path + "." + strconv.Itoa(os.Getpid())
	err := os.WriteFile(temp, u.Group().AppendState(nil), 0o644) //nolint:gosec // as nginx's; there is no secret in it
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp)
		c.r.Logf(errlog.Crit, err, `writing the state of upstream "%s" to "%s" failed`, u.Host, path)
	}
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
