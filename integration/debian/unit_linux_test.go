//go:build machines

package debian

import (
	"os"
	"strings"
	"testing"
)

// TestUnit runs the commands of Debian's nginx.service the way systemd does.
func TestUnit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *host) {
		unit := h.read("/lib/systemd/system/nginx.service")
		command := func(setting string) {
			t.Helper()
			for line := range strings.Lines(unit) {
				if value, ok := strings.CutPrefix(line, setting+"="); ok {
					value, _ = strings.CutPrefix(strings.TrimSpace(value), "-") // its failure is none
					h.shell("exec " + value)
					return
				}
			}
			t.Errorf("the unit has no %s", setting)
		}
		if !strings.Contains(unit, "\nType=forking\nPIDFile=/run/nginx.pid\n") {
			t.Errorf("not the unit that this test is for:\n%s", unit)
		}
		command("ExecStartPre")
		command("ExecStart")
		h.wantMaster()
		h.get("/") // nginx forgets a signal that comes before it has started its workers
		pid := h.pid()
		_ = os.Remove(h.Path(sitePath))
		h.write(sitePath, site("reloaded"))
		command("ExecReload")
		h.eventually("the new configuration", func() bool { return h.get("/") == "200 reloaded" })
		if h.pid() != pid {
			t.Error("the process is another one, and systemd would have lost it")
		}
		command("ExecStop")
		h.wantGone()
	})
}

// TestLogrotate rotates with Debian's /etc/logrotate.d/nginx.
func TestLogrotate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *host) {
		h.run(0, "nginx")
		h.get("/before")
		h.eventually("a line in the log", func() bool { return strings.Contains(h.read("/var/log/nginx/access.log"), "/before") })
		h.run(0, "logrotate", "--force", "/etc/logrotate.d/nginx")
		h.eventually("a line in the new log", func() bool { h.get("/after"); return strings.Contains(h.read("/var/log/nginx/access.log"), "/after") })
		if old := h.read("/var/log/nginx/access.log.1"); !strings.Contains(old, "/before") {
			t.Errorf("in the old log:\n%s", old)
		}
		info := h.run(0, "stat", "--format=%U:%G %a", "/var/log/nginx/access.log")
		if info != "www-data:adm 640\n" {
			t.Errorf("the new log belongs to %s", info)
		}
		h.run(0, "nginx", "-s", "quit")
		h.eventually("the end", func() bool { return h.pid() == 0 })
	})
}
