package api

import (
	"bufio"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
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
	err := diskfile.Replace(path, 0o644, func(w *bufio.Writer) { _, _ = w.Write(u.Group().AppendState(nil)) })
	if err != nil {
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
