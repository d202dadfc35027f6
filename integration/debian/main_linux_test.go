//go:build machines

package debian

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
	"github.com/sluiceproxy/sluice/integration/internal/scratch"
)

// patience bounds every wait.
const patience = 15 * time.Second

// commandLimit bounds a command: dpkg alone may take a minute where other programs have the processors.
const commandLimit = 5 * time.Minute

// programs are the two that are exchanged, by name: Debian's own nginx, and the one of this tree.
var programs = map[string]string{"nginx": "/usr/sbin/nginx"}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if err := try(); err != nil {
		fmt.Fprintf(os.Stderr, "integration/debian: %v\n", err)
		return 1
	}
	dir, err := os.MkdirTemp("", "sluice-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	programs["sluice"] = filepath.Join(dir, "nginx")
	if err := build(programs["sluice"]); err != nil {
		fmt.Fprintf(os.Stderr, "integration/debian: %v\n", err)
		return 1
	}
	return m.Run()
}

// try starts a machine and ends it.
func try() error {
	dir, err := os.MkdirTemp("", "sluice-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	m, err := scratch.New(context.Background(), dir)
	if err == nil {
		m.Close()
	}
	return err
}

// build builds the program as Debian's package has it. SLUICE_BUILDFLAGS are further flags, such as -race.
func build(path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	args := append([]string{"build", "-ldflags", "-X main.layoutName=debian"}, strings.Fields(os.Getenv("SLUICE_BUILDFLAGS"))...)
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", path, "github.com/sluiceproxy/sluice/cmd/sluice")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the server under test: %w\n%s", err, out)
	}
	return nil
}

// each runs a test with nginx and with Sluice as /usr/sbin/nginx of a machine with Debian's stock configuration.
func each(t *testing.T, test func(t *testing.T, h *host)) {
	t.Helper()
	for name, binary := range programs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			h.install(binary)
			test(t, h)
		})
	}
}

// host is a machine with a test's means to look at it.
type host struct {
	*scratch.Machine
	t *testing.T
}

// newHost starts a machine with the configuration that Debian's nginx has after its installation, without any module.
func newHost(t *testing.T) *host {
	t.Helper()
	m, err := scratch.New(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	h := &host{m, t}
	// Maintainer scripts start services only where something says that the machine has been started.
	h.shell(`rm -f /sbin/runlevel; printf '#!/bin/sh\necho N 2\n' >/sbin/runlevel; chmod 755 /sbin/runlevel`)
	h.shell(`rm -rf /var/log/nginx/* /etc/nginx/modules-enabled/* /etc/nginx/conf.d/* /etc/nginx/sites-enabled/*
		ln -s /etc/nginx/sites-available/default /etc/nginx/sites-enabled/default`)
	return h
}

// install puts a program in nginx's place.
func (h *host) install(binary string) {
	h.t.Helper()
	data, err := os.ReadFile(binary)
	if err == nil {
		// Another file, not another content: it may be running.
		err = errors.Join(writeProgram(h.Path("/usr/sbin/nginx.new"), data), os.Rename(h.Path("/usr/sbin/nginx.new"), h.Path("/usr/sbin/nginx")))
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// writeProgram writes a file that is going to be executed. No process is started meanwhile: it would inherit the file open
// for writing for a moment, and the program could not be executed ("text file busy").
func writeProgram(path string, data []byte) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(path, data, 0o755)
}

// run runs a command that has to end with code and returns what it printed.
func (h *host) run(code int, name string, args ...string) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), commandLimit)
	defer cancel()
	out, got, err := h.Run(ctx, name, args...)
	if err != nil {
		h.t.Fatal(err)
	}
	if got != code {
		h.t.Fatalf("%s %s: exit code %d, want %d\n%s\nerror log:\n%s", name, strings.Join(args, " "), got, code, out, h.read("/var/log/nginx/error.log"))
	}
	return out
}

// shell runs a script that has to succeed.
func (h *host) shell(script string) string {
	h.t.Helper()
	return h.run(0, "/bin/sh", "-ec", script)
}

func (h *host) read(name string) string {
	text, err := os.ReadFile(h.Path(name))
	if err != nil {
		return ""
	}
	return string(text)
}

func (h *host) write(name, text string) {
	h.t.Helper()
	if err := os.WriteFile(h.Path(name), []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// replace edits a file.
func (h *host) replace(name, from, to string) {
	h.t.Helper()
	text := h.read(name)
	if !strings.Contains(text, from) {
		h.t.Fatalf("%s does not contain %q", name, from)
	}
	h.write(name, strings.ReplaceAll(text, from, to))
}

// pid is the number in the pid file, 0 without one.
func (h *host) pid() int {
	n, _ := strconv.Atoi(strings.TrimSpace(h.read("/run/nginx.pid")))
	return n
}

// ask asks for a path on a connection of its own and returns the two parts of the answer, empty without one.
func (h *host) ask(path string) (head, body string) {
	c, err := h.Dial("127.0.0.1:80")
	if err != nil {
		return "", ""
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, "GET "+path+" HTTP/1.0\r\n\r\n") // what comes back tells
	answer, _ := io.ReadAll(c)
	head, body, _ = strings.Cut(string(answer), "\r\n\r\n")
	return head, body
}

// get asks for a path and returns status and body, "" for no answer.
func (h *host) get(path string) string {
	head, body := h.ask(path)
	if fields := strings.Fields(head); len(fields) > 1 {
		return fields[1] + " " + body
	}
	return ""
}

// wantAnswer wants an answer, in the end: a worker of nginx that has been told to leave may still answer as it did before.
func (h *host) wantAnswer(path, want string) {
	h.t.Helper()
	h.eventually(want, func() bool { return h.get(path) == want })
}

// eventually waits until ok.
func (h *host) eventually(what string, ok func() bool) {
	h.t.Helper()
	if !harness.Eventually(patience, ok) {
		h.t.Fatalf("waited in vain for %s; error log:\n%s", what, h.read("/var/log/nginx/error.log"))
	}
}
