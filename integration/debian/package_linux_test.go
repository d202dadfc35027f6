//go:build machines

package debian

import (
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestPackage installs what `make deb` builds, uses it and removes it.
func TestPackage(t *testing.T) {
	t.Parallel()
	deb := buildPackage(t)
	t.Run("contents", func(t *testing.T) { wantContents(t, deb) })
	t.Run("beside nginx", func(t *testing.T) {
		t.Parallel()
		h := newHost(t)
		h.copyIn(deb)
		h.run(0, "/etc/init.d/nginx", "start")
		before := h.shell("md5sum /usr/sbin/nginx; find /etc -type f | sort | xargs md5sum")
		stop := h.visit()

		h.run(0, "dpkg", "--install", "/opt/sluice.deb")
		h.wantSluice(true)
		h.wantMaster()
		h.run(0, "/etc/init.d/nginx", "reload")
		h.wantStock()
		// The same once more is an upgrade.
		h.run(0, "dpkg", "--install", "/opt/sluice.deb")
		h.wantSluice(true)
		h.wantMaster()

		h.run(0, "dpkg", "--remove", "sluice")
		h.wantSluice(false)
		h.wantMaster()
		if after := h.shell("md5sum /usr/sbin/nginx; find /etc -type f | sort | xargs md5sum"); after != before {
			t.Errorf("the program or a file in /etc is not what it was:\n%s\nnow\n%s", before, after)
		}
		stop()
		h.run(0, "dpkg", "--purge", "sluice")
		if left := h.shell("dpkg-divert --list | grep sluice || true; ls /usr/sbin/nginx.distrib 2>/dev/null || true"); left != "" {
			t.Errorf("left behind: %s", left)
		}
	})
	t.Run("without nginx", func(t *testing.T) {
		t.Parallel()
		h := newHost(t)
		h.copyIn(deb)
		h.run(0, "dpkg", "--remove", "--force-depends", "nginx")
		h.run(0, "dpkg", "--install", "/opt/sluice.deb")
		h.wantSluice(true)
		h.wantMaster()
		h.run(0, "dpkg", "--remove", "--force-depends", "sluice")
		h.wantGone()
		h.run(1, "test", "-e", "/usr/sbin/nginx")
	})
	t.Run("stopped", func(t *testing.T) {
		t.Parallel()
		h := newHost(t)
		h.copyIn(deb)
		h.run(0, "dpkg", "--install", "/opt/sluice.deb")
		h.wantGone() // as it was
		h.run(0, "dpkg", "--remove", "sluice")
		h.wantGone()
	})
	t.Run("a configuration that is not accepted", func(t *testing.T) {
		t.Parallel()
		h := newHost(t)
		h.copyIn(deb)
		h.run(0, "/etc/init.d/nginx", "start")
		// Read by nginx at its start, as a module whose file is there.
		h.write("/etc/nginx/modules-enabled/50-foreign.conf", "load_module modules/foreign.so;\n")
		if said := h.run(1, "dpkg", "--install", "/opt/sluice.deb"); !strings.Contains(said, "Sluice does not accept the configuration of this machine:") ||
			!strings.Contains(said, "foreign.so") {
			t.Errorf("dpkg says\n%s", said)
		}
		if head, _ := h.ask("/"); !strings.Contains(head, "\r\nServer: nginx/") {
			t.Errorf("nginx does not answer: %q", head)
		}
		h.shell("rm /etc/nginx/modules-enabled/50-foreign.conf")
		h.run(0, "dpkg", "--configure", "sluice")
		h.wantSluice(true)
	})
}

// wantContents wants the files of the package to be root's, and no others to be there.
func wantContents(t *testing.T, deb string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "dpkg-deb", "--contents", deb).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := map[string]string{ // mode by name
		"./usr/sbin/nginx":                        "-rwxr-xr-x",
		"./usr/bin/sluice":                        "lrwxrwxrwx",
		"./usr/share/man/man8/sluice.8.gz":        "-rw-r--r--",
		"./usr/share/doc/sluice/copyright":        "-rw-r--r--",
		"./usr/share/doc/sluice/licenses.gz":      "-rw-r--r--",
		"./usr/share/doc/sluice/changelog.gz":     "-rw-r--r--",
		"./usr/share/doc/sluice/CHANGELOG.md.gz":  "-rw-r--r--",
		"./usr/share/doc/sluice/debian.md.gz":     "-rw-r--r--",
		"./usr/share/doc/sluice/directives.md.gz": "-rw-r--r--",
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line) // mode, owner, size, date, time, name
		if len(fields) < 6 || fields[1] != "root/root" {
			t.Errorf("not root's: %s", line)
			continue
		}
		if mode, name := fields[0], fields[5]; mode[0] == 'd' {
			if mode != "drwxr-xr-x" {
				t.Errorf("a folder others cannot read, or can write to: %s", line)
			}
		} else if want[name] != mode {
			t.Errorf("not expected: %s", line)
		} else {
			delete(want, name)
		}
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

// buildPackage builds the package as an administrator does.
func buildPackage(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	deb := filepath.Join(dir, "sluice.deb")
	cmd := exec.CommandContext(t.Context(), "make", "-s", "deb", "DEB="+deb, "DEB_PROGRAM="+filepath.Join(dir, "nginx"))
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make deb: %v\n%s", err, out)
	}
	return deb
}

func (h *host) copyIn(deb string) {
	h.t.Helper()
	if out, err := exec.Command("cp", deb, h.Path("/opt/sluice.deb")).CombinedOutput(); err != nil {
		h.t.Fatalf("%v\n%s", err, out)
	}
}

// wantSluice wants Sluice, or else nginx, as the program and, if a server runs, as the server.
func (h *host) wantSluice(want bool) {
	h.t.Helper()
	if got := strings.HasPrefix(h.run(0, "nginx", "-V"), "sluice version: "); got != want {
		h.t.Errorf("/usr/sbin/nginx is Sluice: %v", got)
	}
	if h.pid() != 0 {
		h.wantRunning(want)
	}
}

// visit asks for pages, one after the other, until stop is called. Every one has to be answered.
func (h *host) visit() (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for lost := 0; lost < 10; {
			if answer := h.get("/"); !strings.HasPrefix(answer, "200 ") {
				lost++
				h.t.Errorf("a visitor gets %.50q", answer)
			}
			select {
			case <-end:
				return
			case <-tick.C:
			}
		}
	}()
	stop = sync.OnceFunc(func() {
		close(end)
		<-ended
	})
	h.t.Cleanup(stop)
	return stop
}

// wantRunning wants Sluice, or else nginx, as the server; for a moment after a change, either of them may answer.
func (h *host) wantRunning(want bool) {
	h.t.Helper()
	h.eventually("the other server", func() bool {
		head, _ := h.ask("/")
		return head != "" && strings.Contains(head, "\r\nServer: sluice") == want
	})
}

// wantStock wants the stock configuration to be served, and the second name of the program to be there.
func (h *host) wantStock() {
	h.t.Helper()
	if got := h.get("/"); !strings.HasPrefix(got, "200 ") || !strings.Contains(got, "<html") {
		h.t.Errorf("the stock configuration answers %.100q", got)
	}
	h.run(0, "sluice", "check")
}
