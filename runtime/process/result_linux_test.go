package process

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// hangups catches HUP, which a server would take for a reload.
func hangups(t *testing.T) <-chan os.Signal {
	t.Helper()
	c := make(chan os.Signal, 8)
	signal.Notify(c, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(c) })
	return c
}

func openResults(t *testing.T) *Results {
	t.Helper()
	r, err := NewResults()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func pidFileOf(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pid")
	if err := WritePID(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSendReload(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(*Outcome)
		good bool
		want string
	}{
		{"good", func(o *Outcome) { o.End(true) }, true, ""},
		{"bad", func(o *Outcome) {
			_, _ = o.Write([]byte("nginx: [warn] twice\nnginx: [emerg] bind() failed\n"))
			_, _ = o.Write([]byte("nginx: [emerg] still could not bind()\n"))
			o.End(false)
		}, false, "nginx: [emerg] bind() failed\nnginx: [emerg] still could not bind()\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			hups := hangups(t)
			r := openResults(t)
			defer r.Close()
			go func() {
				<-hups
				tc.do(r.Begin())
			}()
			var said bytes.Buffer
			if good := SendReload(nil, pidFileOf(t), &said); good != tc.good || said.String() != tc.want {
				t.Errorf("%v, said %q, want %v, %q", good, said.String(), tc.good, tc.want)
			}
		})
	}
}

// TestSendReloadWithoutAnswer: where no process listens, sending the signal is the success. Where the server listens and does
// not answer, or another process has the name, the result is not known, which is no success.
func TestSendReloadWithoutAnswer(t *testing.T) {
	name := resultsAddr(os.Getpid()).Name
	const unknown = "[error] the result of the reload is not known: "
	for _, tc := range []struct {
		name string
		do   func(t *testing.T, hups <-chan os.Signal)
		want string // "" for success
	}{
		{"nobody listens", func(*testing.T, <-chan os.Signal) {}, ""},
		{"the server ends", func(t *testing.T, hups <-chan os.Signal) {
			t.Helper()
			r := openResults(t)
			go func() {
				<-hups
				r.Close()
			}()
		}, unknown + "the server went away before it told it"},
		{"the server greets nobody", func(t *testing.T, _ <-chan os.Signal) {
			t.Helper()
			r := openResults(t)
			r.mu.Lock()
			for range maxWaiting {
				r.waiting = append(r.waiting, nil)
			}
			r.mu.Unlock()
			t.Cleanup(func() {
				r.mu.Lock()
				r.waiting = nil
				r.mu.Unlock()
				r.Close()
			})
		}, unknown + "the server does not promise to tell it"},
		{"something else listens", func(t *testing.T, _ <-chan os.Signal) {
			t.Helper()
			ln, err := listenResults(os.Getpid())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = ln.Close() })
			go func() {
				if c, err := ln.AcceptUnix(); err == nil {
					sendLine(c, "220 mail.example")
				}
			}()
		}, unknown + "the server does not promise to tell it"},
		{"another has bound the name", func(t *testing.T, _ <-chan os.Signal) {
			t.Helper()
			bindName(t, name)
		}, unknown + "unix:" + name + " is taken by a process that does not listen"},
		{"the queue is full", func(t *testing.T, _ <-chan os.Signal) {
			t.Helper()
			fd := bindName(t, name)
			if err := unix.Listen(fd, 0); err != nil {
				t.Fatal(err)
			}
			c, err := net.Dial("unix", name)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
		}, unknown + "connect() to unix:" + name + " failed (11: Resource temporarily unavailable)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			hups := hangups(t)
			tc.do(t, hups)
			log := &notes{}
			if good := SendReload(log.logger(), pidFileOf(t), nil); good != (tc.want == "") {
				t.Errorf("success: %v", good)
			}
			want := []string{"[notice] signal process started"}
			if tc.want != "" {
				want = append(want, tc.want)
			}
			log.want(t, want...)
			if tc.name != "the server ends" {
				<-hups
			}
		})
	}
}

// bindName takes an abstract name without listening.
func bindName(t *testing.T, name string) (fd int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrUnix{Name: name})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd
}

// TestResultsTaken: a server whose name another process has says so.
func TestResultsTaken(t *testing.T) {
	name := resultsAddr(os.Getpid()).Name
	bindName(t, name)
	r, err := NewResults()
	if want := "bind() to unix:" + name + " failed (98: Address already in use)"; r != nil || err == nil || err.Error() != want {
		t.Errorf("%v, %v, want %s", r, err, want)
	}
}

func TestSendReloadToNobody(t *testing.T) {
	log := &notes{}
	path := filepath.Join(t.TempDir(), "missing")
	if SendReload(log.logger(), path, nil) {
		t.Error("succeeded")
	}
	log.want(t, "[notice] signal process started", `[error] open() "`+path+`" failed (2: No such file or directory)`)
}

// TestResultsOfReloadsBefore: an answer belongs to a reload that began after the
// question.
func TestResultsOfReloadsBefore(t *testing.T) {
	r := openResults(t)
	defer r.Close()
	before := r.Begin()
	c, err := dialResults(os.Getpid())
	if c == nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewScanner(c)
	if !in.Scan() || in.Text() != resultGreeting {
		t.Fatalf("greeted with %q", in.Text())
	}
	before.End(false)
	r.Begin().End(true)
	if good, err := readResult(in, nil); !good || err != nil {
		t.Errorf("%v, %v: heard of the reload before", good, err)
	}
	if o := r.Begin(); o != nil {
		t.Error("somebody is told twice")
	}
}

// TestTooManyQuestions: a command for which there is no place gets no greeting.
func TestTooManyQuestions(t *testing.T) {
	r := openResults(t)
	defer r.Close()
	var greeted int
	for range maxWaiting + 1 {
		c, err := dialResults(os.Getpid())
		if c == nil {
			t.Fatal(err)
		}
		defer c.Close()
		if line, _ := bufio.NewReader(c).ReadString('\n'); strings.HasPrefix(line, resultGreeting) {
			greeted++
		}
	}
	if greeted != maxWaiting {
		t.Errorf("%d are waiting", greeted)
	}
}

// TestResultsOfAnother: a listener with the wrong number is not asked.
func TestResultsOfAnother(t *testing.T) {
	ln, err := net.ListenUnix("unix", resultsAddr(1))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := dialResults(1)
	if want := fmt.Sprintf("unix:%s is taken by process %d of user %d", resultsAddr(1).Name, os.Getpid(), os.Getuid()); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if c != nil {
		t.Error("asked a process for another's result")
		_ = c.Close()
	}
}

// TestOutcomeWaitsOnce: a command that does not read is waited for once, however much there is to say.
func TestOutcomeWaitsOnce(t *testing.T) {
	r := openResults(t)
	defer r.Close()
	c, err := dialResults(os.Getpid())
	if c == nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := bufio.NewReader(c).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	o := r.Begin()
	large := strings.Repeat("x", 1<<20) + "\n"
	begun := time.Now()
	const writes = 30
	for range writes {
		_, _ = o.Write([]byte(large))
	}
	o.End(false)
	if took := time.Since(begun); took > writes/2*writePatience {
		t.Errorf("it took %v", took)
	}
}

// TestResultsWithoutDescriptors: a server that has no descriptor for a command greets it when it has one again.
func TestResultsWithoutDescriptors(t *testing.T) {
	r := openResults(t)
	defer r.Close()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	low := limit
	low.Cur = 0 // for new ones
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: resultsAddr(os.Getpid()).Name})
	ended := false
	select {
	case <-r.done:
		ended = true
	case <-time.After(acceptPause / 2):
	}
	if e := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || e != nil {
		t.Fatal(err, e)
	}
	if ended {
		t.Fatal("nothing is accepted any more")
	}
	f := os.NewFile(uintptr(fd), "command")
	defer f.Close()
	if line, err := bufio.NewReader(f).ReadString('\n'); err != nil || line != resultGreeting+"\n" {
		t.Errorf("%q, %v", line, err)
	}
}
