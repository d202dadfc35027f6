package integration

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// startProgram runs an application server in a folder of its own, as an ordinary user, until the test ends, and waits until it
// listens at an address.
func startProgram(t *testing.T, dir, network, addr, name string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing, see TEST_PACKAGES in the Makefile", name)
	}
	var out bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = harness.Unprivileged()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // with its workers; it keeps nothing
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", name, out.Bytes())
		}
	})
	up := harness.Eventually(30*time.Second, func() bool {
		c, err := net.Dial(network, addr)
		return errors.Join(err, closed(c)) == nil
	})
	if !up {
		t.Fatalf("%s does not listen at %s", name, addr)
	}
}

// fill puts values into memcached: key, flags, text.
func fill(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write([]byte(strings.Repeat("compressed ", 100)))
	_ = w.Close() // into memory
	in := bufio.NewReader(c)
	for _, v := range []struct {
		key, value string
		flags      int
	}{
		{"/hello.html", "<p>hello</p>", 0},
		{"/empty", "", 0},
		{"/a%20b", "with a space", 0},
		{"/args?a=b", "with arguments", 0},
		{"/zipped", zipped.String(), 2},
		{"/binary", "\x00\r\nEND\r\n\xff", 0},
		{"/large", strings.Repeat("0123456789", 100000), 0},
	} {
		if _, err := fmt.Fprintf(c, "set %s %d 0 %d\r\n%s\r\n", v.key, v.flags, len(v.value), v.value); err != nil {
			t.Fatal(err)
		}
		if line, err := in.ReadString('\n'); err != nil || line != "STORED\r\n" {
			t.Fatalf("memcached: %s: %q %v", v.key, line, err)
		}
	}
}
