//go:build machines

package debian

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// site is a configuration of one site, as deploy scripts put it into sites-enabled.
func site(answer string) string {
	return fmt.Sprintf("server { listen 80; location / { return 200 %q; } }\n", answer)
}

const sitePath = "/etc/nginx/sites-enabled/default"

// TestInitScript runs every command of Debian's /etc/init.d/nginx.
func TestInitScript(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *host) {
		init := func(code int, command string) { t.Helper(); h.run(code, "/etc/init.d/nginx", command) }
		init(0, "configtest")
		init(3, "status")
		init(0, "start")
		h.wantMaster()
		// It serves as soon as the script has ended, Debian's own page by the stock configuration.
		if got := h.get("/"); !strings.HasPrefix(got, "200 ") || !strings.Contains(got, "<html") {
			t.Errorf("the stock configuration answers %.100q", got)
		}
		init(0, "status")
		first := h.pid()
		init(0, "start") // it does, already
		if h.pid() != first {
			t.Error("a second start brought another process")
		}

		_ = os.Remove(h.Path(sitePath))
		h.write(sitePath, site("one"))
		init(0, "reload")
		h.eventually("the new configuration", func() bool { return h.get("/") == "200 one" })
		h.write(sitePath, "server { listen 80; nonsense; }")
		init(1, "configtest")
		init(1, "reload")
		h.wantAnswer("/", "200 one")
		init(1, "restart")
		if h.pid() != first {
			t.Error("a restart with a broken configuration ended the server")
		}
		h.write(sitePath, site("two"))

		h.shell("mv /var/log/nginx/access.log /var/log/nginx/access.log.1")
		init(0, "rotate")
		h.eventually("a new access log", func() bool {
			h.get("/rotated")
			return strings.Contains(h.read("/var/log/nginx/access.log"), "/rotated")
		})

		init(0, "restart")
		h.wantMaster()
		h.wantAnswer("/", "200 two")
		if h.pid() == first {
			t.Error("a restart kept the process")
		}

		old := h.pid()
		init(0, "upgrade")
		h.wantMaster()
		h.wantAnswer("/", "200 two")
		if h.pid() == old {
			t.Error("an upgrade kept the process")
		}
		h.eventually("the old server's end", func() bool { return h.read("/run/nginx.pid.oldbin") == "" })

		init(0, "stop")
		h.wantGone()
		init(3, "status")
		init(0, "stop") // it is, already
	})
}

// wantMaster wants a server with the names that scripts look for.
func (h *host) wantMaster() {
	h.t.Helper()
	pid := h.pid()
	if comm := h.read(fmt.Sprintf("/proc/%d/comm", pid)); comm != "nginx\n" {
		h.t.Errorf("process %d is called %q", pid, comm)
	}
	h.run(0, "start-stop-daemon", "--stop", "--signal", "0", "--quiet", "--name", "nginx")
	for user, title := range map[string]string{"root": "^nginx: master process .*nginx", "www-data": "^nginx: worker process"} {
		h.eventually(title+" of "+user, func() bool {
			_, code, err := h.Run(h.t.Context(), "pgrep", "-u", user, "-f", title)
			return err == nil && code == 0
		})
	}
	h.run(0, "start-stop-daemon", "--stop", "--signal", "0", "--quiet", "--pidfile", "/run/nginx.pid", "--exec", "/usr/sbin/nginx")
}

// wantGone wants neither a server nor a trace of one.
func (h *host) wantGone() {
	h.t.Helper()
	if h.get("/") != "" {
		h.t.Error("something serves")
	}
	if pid := h.pid(); pid != 0 {
		h.t.Errorf("the pid file says %d", pid)
	}
	h.run(1, "pgrep", "-x", "nginx")
}
