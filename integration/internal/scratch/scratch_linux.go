package scratch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// setup is what the first process of a machine does, in the folder $1: an overlay over / becomes its root. It says so from
// within, since what comes from outside before that happens to the files of this machine. It ends as a cat that waits for its
// input to end; orphans are reaped because SIGCHLD is ignored.
const setup = `set -e
mount -t tmpfs scratch "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount --rbind /dev "$1/root/dev"
mount -t proc proc "$1/root/proc"
mount -t tmpfs run "$1/root/run"
mkdir "$1/root/run/lock"
ip link set lo up
rm -f "$1/root/usr/sbin/policy-rc.d"
exec chroot "$1/root" /bin/sh -c 'echo ready; exec env --ignore-signal=CHLD cat'
`

// patience is how long a machine may take to start and a connection to be made.
const patience = 20 * time.Second

// Machine is a copy of this machine that is running.
type Machine struct {
	cmd  *exec.Cmd
	stdi io.Closer // of the machine's first process, which ends with it
	pid  int       // of that process, as seen from here
	done chan struct{}
}

// New starts a machine. dir is an empty folder, which the machine hides under a mount that only it sees.
func New(ctx context.Context, dir string) (*Machine, error) {
	if os.Getuid() != 0 {
		return nil, errors.New("a scratch machine takes root")
	}
	cmd := exec.Command("unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child",
		"/bin/sh", "-c", setup, "setup", dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	m := &Machine{cmd: cmd, stdi: stdin, done: make(chan struct{})}
	ready := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		ready <- line
	}()
	select {
	case line := <-ready:
		if line == "ready\n" {
			m.pid, err = child(cmd.Process.Pid)
			break
		}
		err = errors.New("it did not get ready")
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(patience):
		err = fmt.Errorf("it was not ready within %v", patience)
	}
	go func() {
		_ = cmd.Wait() // killed or ended as it was told to
		close(m.done)
	}()
	if err != nil {
		m.Close()
		return nil, fmt.Errorf("scratch machine: %w\n%s", err, said.Bytes())
	}
	return m, nil
}

// child is the only child of process pid.
func child(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// Close ends the machine with everything that runs there. It may be called twice.
func (m *Machine) Close() {
	_ = m.stdi.Close()
	select {
	case <-m.done:
	case <-time.After(patience):
		_ = m.cmd.Process.Kill() // which takes the machine's first process along
		<-m.done
	}
}

// Path is where a file of the machine is to be found from here, as long as the machine runs.
func (m *Machine) Path(name string) string {
	return filepath.Join("/proc", strconv.Itoa(m.pid), "root", name)
}

// Command is a command to run on the machine, in its root folder and with its environment cleared but for PATH and env.
func (m *Machine) Command(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	args = append([]string{"--target", strconv.Itoa(m.pid), "--mount", "--pid", "--net", "--uts", "--ipc", "--root", "--wd=" + m.Path("/"), name}, args...)
	cmd := exec.CommandContext(ctx, "nsenter", args...)
	cmd.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C"}, env...)
	cmd.WaitDelay = time.Second // daemons may keep the output open
	return cmd
}

// Run runs a command on the machine to its end. It returns what the command printed, both outputs together, and its exit
// code. The error is about running it.
func (m *Machine) Run(ctx context.Context, name string, args ...string) (out string, code int, err error) {
	// The output is a file: a daemon that keeps it open does not keep us.
	f, err := os.CreateTemp("", "sluice-")
	if err != nil {
		return "", 0, err
	}
	defer func() { _, _ = f.Close(), os.Remove(f.Name()) }()
	cmd := m.Command(ctx, nil, name, args...)
	cmd.Stdout, cmd.Stderr = f, f
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		err = nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("%s: %w", name, err)
	}
	text, err := os.ReadFile(f.Name())
	return string(text), cmd.ProcessState.ExitCode(), err
}

// Dial connects to an address of the machine's network.
func (m *Machine) Dial(addr string) (net.Conn, error) {
	type result struct {
		c   net.Conn
		err error
	}
	ch := make(chan result, 1)
	go func() {
		// The thread stays in the machine's network, and so it ends with this goroutine.
		runtime.LockOSThread()
		ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", m.pid))
		if err != nil {
			ch <- result{nil, err}
			return
		}
		defer ns.Close()
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			ch <- result{nil, err}
			return
		}
		c, err := net.DialTimeout("tcp", addr, patience)
		ch <- result{c, err}
	}()
	r := <-ch
	return r.c, r.err
}
