package limits

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// patience bounds every wait for something that is sure to happen. It only matters to a test that fails.
const patience = 2 * time.Minute

// setup is what a server is started with.
type setup struct {
	// text is an archive as in integration/cases; its requests are not played.
	text string
	// apps answer the connections to %%UPSTREAM%% and %%UPSTREAM_2%%; nil for what the archive says.
	apps [2]func(net.Conn)
	// own has the server keep the rights of the test, see eachWay.
	own bool
}

// apps are the applications of a setup.
func apps(first func(net.Conn), more ...func(net.Conn)) (a [2]func(net.Conn)) {
	copy(a[:], append([]func(net.Conn){first}, more...))
	return a
}

// site is a running server.
type site struct {
	*harness.Running
	t *testing.T
	// binary is the program that runs.
	binary string
	// quits tells that the case has told the server to go. A second signal could come when the program has given its
	// signals back, and be its end.
	quits bool
}

// sites numbers the folders of servers.
var sites atomic.Int64

// start runs a program until the end of the test.
func start(t *testing.T, binary string, set setup) *site {
	t.Helper()
	name := fmt.Sprintf("%s-%d", strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()), sites.Add(1))
	c, err := harness.ParseCase(name, []byte(set.text))
	must(t, err)
	c.Apps, c.Own = set.apps, set.own
	r, err := lab.Serve(t.Context(), c, binary)
	must(t, err)
	s := &site{Running: r, t: t, binary: binary}
	t.Cleanup(func() {
		end := r.Terminate
		if s.quits {
			end = r.Wait
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			log := s.read("logs/error.log")
			t.Logf("the end of the error log of %s:\n%s", s, log[max(0, len(log)-4000):])
		}
	})
	return s
}

// eachWay runs a case as an ordinary user and, where that is possible, as root, where the server has a master.
func eachWay(t *testing.T, test func(t *testing.T, own bool)) {
	t.Run("ordinary user", func(t *testing.T) { test(t, false) })
	if os.Getuid() == 0 {
		t.Run("root", func(t *testing.T) { test(t, true) })
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// String names the program.
func (s *site) String() string {
	if s.binary == lab.Oracle {
		return "nginx"
	}
	return "the server under test"
}

// read returns a file of the server's folder, empty where there is none.
func (s *site) read(name string) string {
	b, _ := os.ReadFile(filepath.Join(s.Dir(), name))
	return string(b)
}

// write replaces a file of the server's folder at once, its placeholders filled in.
func (s *site) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.Dir(), name)
	must(s.t, os.WriteFile(path+".new", []byte(s.Subst(text)), 0o644))
	must(s.t, os.Rename(path+".new", path))
}

// signal sends a signal to the process that was started.
func (s *site) signal(sig syscall.Signal) {
	s.t.Helper()
	s.quits = s.quits || sig == syscall.SIGQUIT
	must(s.t, syscall.Kill(s.Pid(), sig))
}

// eventually waits until ok, which another process brings about.
func (s *site) eventually(what string, ok func() bool) {
	s.t.Helper()
	if !harness.Eventually(patience, ok) {
		s.t.Fatalf("%s: waited in vain for %s", s, what)
	}
}

// dial opens a connection to %%ADDR%%, which ends with the test.
func (s *site) dial() *client {
	s.t.Helper()
	return s.dialTo(1)
}

// dialTo opens a connection to %%ADDR_n%%, 1 for %%ADDR%%.
func (s *site) dialTo(n int) *client {
	s.t.Helper()
	conn, err := net.DialTimeout("tcp", s.Addr(n), patience)
	must(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	return &client{t: s.t, conn: conn, begun: time.Now()}
}

// dialTLS opens a connection to %%ADDR_n%% and speaks TLS over it. nil for a client that takes every certificate.
func (s *site) dialTLS(n int, conf *tls.Config) *client {
	s.t.Helper()
	c := s.dialTo(n)
	if conf == nil {
		conf = &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"}
	}
	secure := tls.Client(c.conn, conf)
	_ = secure.SetDeadline(time.Now().Add(patience)) // it is open
	must(s.t, secure.HandshakeContext(s.t.Context()))
	_ = secure.SetDeadline(time.Time{})
	c.conn = secure
	return c
}

// dialAs opens a connection to %%ADDR%%, or with secure one to %%ADDR_2%% over TLS.
func (s *site) dialAs(secure bool) *client {
	s.t.Helper()
	if secure {
		return s.dialTLS(2, nil)
	}
	return s.dial()
}
