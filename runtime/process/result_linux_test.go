package process

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// hangups catches HUP, which a server would take for a reload.
func hangups(t *testing.T) <-chan os.Signal {
	t.Helper()
	c := make(chan os.Signal, 8)
	signal.Notify(c, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(c) })
	return c
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
			r := NewResults()
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

// TestSendReloadWithoutAnswer: where nobody tells, the signal has been sent, and
// that is all there is to know.
func TestSendReloadWithoutAnswer(t *testing.T) {
	for name, do := range map[string]func(t *testing.T, hups <-chan os.Signal){
		"nobody listens": func(*testing.T, <-chan os.Signal) {},
		"the server ends": func(_ *testing.T, hups <-chan os.Signal) {
			r := NewResults()
			go func() {
				<-hups
				r.Close()
			}()
		},
		"something else listens": func(t *testing.T, _ <-chan os.Signal) {
			ln := listenResults(os.Getpid())
			t.Cleanup(func() { _ = ln.Close() })
			go func() {
				if c, err := ln.AcceptUnix(); err == nil {
					say(c, "220 mail.example")
				}
			}()
		},
	} {
		t.Run(name, func(t *testing.T) {
			hups := hangups(t)
			do(t, hups)
			if !SendReload(nil, pidFileOf(t), nil) {
				t.Error("failed")
			}
			if name != "the server ends" {
				<-hups
			}
		})
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
	r := NewResults()
	defer r.Close()
	before := r.Begin()
	c := dialResults(os.Getpid())
	if c == nil {
		t.Fatal("nobody listens")
	}
	defer c.Close()
	in := bufio.NewScanner(c)
	if !in.Scan() || in.Text() != resultGreeting {
		t.Fatalf("greeted with %q", in.Text())
	}
	before.End(false)
	r.Begin().End(true)
	if !hear(in, nil) {
		t.Error("heard of the reload before")
	}
	if o := r.Begin(); o != nil {
		t.Error("somebody is told twice")
	}
}

// TestTooManyQuestions: those who cannot wait go on without an answer.
func TestTooManyQuestions(t *testing.T) {
	r := NewResults()
	defer r.Close()
	var greeted int
	for range maxWaiting + 1 {
		c := dialResults(os.Getpid())
		if c == nil {
			t.Fatal("nobody listens")
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
	if c := dialResults(1); c != nil {
		t.Error("asked a process for another's result")
		_ = c.Close()
	}
}
