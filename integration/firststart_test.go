package integration

import (
	"context"
	"crypto/tls"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice"
	"github.com/sluiceproxy/sluice/internal/testport"
)

// TestFirstStart starts the program as a person does who has nothing yet: no argument but one that keeps it in the
// foreground, from any folder. It unpacks what it ships with, makes a certificate, and at the second start leaves both as
// they are.
func TestFirstStart(t *testing.T) {
	if lab.TestedIsNginx() {
		t.Log("nginx brings no configuration of its own along")
		return
	}
	ports, err := lab.Ports.Take(2)
	if err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	home := filepath.Join(state, "sluice")
	// What is there already stays: that is how this test gets ports of its own.
	conf := readAsset(t, "conf.d/default.conf")
	conf = strings.NewReplacer("8080", strconv.Itoa(ports[0]), "8443", strconv.Itoa(ports[1])).Replace(conf)
	write(t, filepath.Join(home, "conf.d", "default.conf"), conf)

	first := startBare(t, state, ports[1])
	assertUnpacked(t, home, conf)
	key, err := os.Stat(filepath.Join(home, "certs", "self-signed.key"))
	if err != nil {
		t.Fatal(err)
	}
	if key.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read the key: %v", key.Mode())
	}
	write(t, filepath.Join(home, "html", "index.html"), "mine\n")

	second := startBare(t, state, ports[1])
	if first != second {
		t.Error("the second start made another certificate")
	}
	if mine, err := os.ReadFile(filepath.Join(home, "html", "index.html")); err != nil || string(mine) != "mine\n" {
		t.Errorf("the second start wrote over a file: %q %v", mine, err)
	}
}

// startBare starts the program with state as XDG_STATE_HOME, takes a look at its certificate, and stops it.
func startBare(t *testing.T, state string, port int) (certificate string) {
	t.Helper()
	var said strings.Builder
	cmd := exec.Command(lab.Tested, "-g", "daemon off;")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+state, "HOME="+state)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	certificate, err := lookAt(t.Context(), testport.Addr(port), done)
	if err != nil {
		t.Errorf("%v\n%s", err, said.String())
	}
	_ = cmd.Process.Signal(syscall.SIGQUIT)
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("the program ended: %v", err)
		}
	case <-time.After(time.Minute):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		t.Error("the program did not stop within a minute of SIGQUIT")
	}
	return certificate
}

// lookAt waits for a TLS server and returns its certificate.
func lookAt(ctx context.Context, addr string, done chan error) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: time.Second}, Config: &tls.Config{InsecureSkipVerify: true}}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := d.DialContext(ctx, "tcp", addr)
		if err == nil {
			raw := c.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw
			return string(raw), c.Close()
		}
		select {
		case ended := <-done:
			done <- ended
			return "", ended
		case <-ctx.Done():
			return "", err
		case <-tick.C:
		}
	}
}

// assertUnpacked wants every shipped file in home, and the one that was there before as it was.
func assertUnpacked(t *testing.T, home, kept string) {
	t.Helper()
	err := fs.WalkDir(sluice.Assets(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		want := readAsset(t, name)
		if name == "conf.d/default.conf" {
			want = kept
		}
		got, err := os.ReadFile(filepath.Join(home, name))
		if err != nil {
			return err
		}
		if string(got) != want {
			t.Errorf("%s is not what was shipped", name)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func readAsset(t *testing.T, name string) string {
	t.Helper()
	data, err := fs.ReadFile(sluice.Assets(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
