package process

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// The conversation between a server and "-s reload", each line with a line feed:
// the server greets, sends what went wrong with resultLine before each line, and
// ends with resultGood or resultBad.
const (
	resultGreeting = "sluice reload 1"
	resultLine     = "- "
	resultGood     = "done"
	resultBad      = "failed"
)

// Bounds of the conversation.
const (
	maxWaiting     = 64               // commands that may wait for a result at once
	greetPatience  = 10 * time.Second // for a greeting: the server may be stopped
	writePatience  = time.Second      // for a command that does not read
	reloadPatience = 2 * time.Minute  // for the result of a reload, which may have names to look up
	acceptPause    = 100 * time.Millisecond
)

// Results sends the result of a reload to the commands that asked for it ("-s reload").
// It needs a system that reports which process is at the other end of a socket. Its
// methods may be called on nil.
type Results struct {
	ln   *net.UnixListener
	done chan struct{}

	mu      sync.Mutex
	waiting []*net.UnixConn
	closed  bool
}

// NewResults begins to listen, under a name that belongs to the number of this
// process. The result is nil with an error, an *errno.OpError, and without one where
// the system has no such names; "-s reload" learns nothing then.
func NewResults() (*Results, error) {
	ln, err := listenResults(os.Getpid())
	if ln == nil {
		return nil, err
	}
	r := &Results{ln: ln, done: make(chan struct{})}
	go r.accept()
	return r, nil
}

// accept greets the commands that connect, and keeps their connections for the next
// reload.
func (r *Results) accept() {
	defer close(r.done)
	for {
		c, err := r.ln.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // no descriptors
			time.Sleep(acceptPause)
			continue
		}
		if uid, _, ok := peerOf(c); !ok || uid != 0 && uid != os.Geteuid() {
			_ = c.Close() // a process of another user
			continue
		}
		r.mu.Lock()
		if r.closed || len(r.waiting) >= maxWaiting {
			_ = c.Close() // without a greeting: it does not learn the result
		} else {
			r.waiting = append(r.waiting, c)
			sendLine(c, resultGreeting)
		}
		r.mu.Unlock()
	}
}

// sendLine sends a line. ok is false where the other side does not read.
func sendLine(c *net.UnixConn, line string) (ok bool) {
	_ = c.SetWriteDeadline(time.Now().Add(writePatience))
	_, err := io.WriteString(c, line+"\n")
	return err == nil
}

// Begin is called when a reload begins. Its result is for the commands that wait by
// now; nil where there are none.
func (r *Results) Begin() *Outcome {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		return nil
	}
	o := &Outcome{to: r.waiting}
	r.waiting = nil
	return o
}

// Close closes the connections of the commands that wait, without a result: the server
// ends.
func (r *Results) Close() {
	if r == nil {
		return
	}
	_ = r.ln.Close()
	<-r.done
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, c := range r.waiting {
		_ = c.Close()
	}
	r.waiting = nil
}

// Outcome is one reload, for the commands that wait for its result. Its methods may be
// called on nil, which stands for no commands.
type Outcome struct {
	to []*net.UnixConn
}

// Write passes lines on that are meant for the console. It never fails. Warnings
// are left out: "-s" has read the same files and given the same.
func (o *Outcome) Write(p []byte) (int, error) {
	if o == nil {
		return len(p), nil
	}
	for line := range bytes.Lines(p) {
		text := string(bytes.TrimSuffix(line, []byte("\n")))
		if strings.Contains(text, "[warn] ") {
			continue
		}
		// A command that does not read is waited for once.
		o.to = slices.DeleteFunc(o.to, func(c *net.UnixConn) bool {
			gone := !sendLine(c, resultLine+text)
			if gone {
				_ = c.Close()
			}
			return gone
		})
	}
	return len(p), nil
}

// End says whether the new configuration is in effect.
func (o *Outcome) End(good bool) {
	if o == nil {
		return
	}
	line := resultBad
	if good {
		line = resultGood
	}
	for _, c := range o.to {
		sendLine(c, line)
		_ = c.Close()
	}
	o.to = nil
}

// SendReload is "-s reload": it does what Send does, and where the server tells how the
// reload went, it waits for that, writes what went wrong to console, and reports the
// true result. A result that the server should have told and did not counts as a failure.
func SendReload(log *errlog.Logger, pidFile string, console io.Writer) bool {
	log.Log(errlog.Notice, 0, nil, nil, "signal process started")
	pid, err := ReadPID(pidFile)
	if err != nil {
		log.Fail(errlog.Error, err)
		return false
	}
	c, unknown := dialResults(pid)
	var answer *bufio.Scanner
	if c != nil {
		defer c.Close()
		answer = bufio.NewScanner(c)
		_ = c.SetReadDeadline(time.Now().Add(greetPatience)) // it has just been opened
		if !answer.Scan() || answer.Text() != resultGreeting {
			unknown = errors.New("the server does not promise to tell it")
		}
	}
	if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
		log.Fail(errlog.Alert, errno.Failed(fmt.Sprintf("kill(%d, %d)", pid, int(syscall.SIGHUP)), "", err))
		return false
	}
	good := true
	if c != nil && unknown == nil {
		_ = c.SetReadDeadline(time.Now().Add(reloadPatience))
		good, unknown = readResult(answer, console)
	}
	if unknown != nil {
		log.Log(errlog.Error, 0, nil, nil, "the result of the reload is not known: %s", unknown)
		return false
	}
	return good
}

// readResult reads an answer to its end. The error says why it contains no result.
func readResult(answer *bufio.Scanner, console io.Writer) (good bool, err error) {
	if console == nil {
		console = io.Discard
	}
	for answer.Scan() {
		line := answer.Text()
		if text, ok := strings.CutPrefix(line, resultLine); ok {
			_, _ = fmt.Fprintln(console, text) // nothing is left to report to
			continue
		}
		return line == resultGood, nil
	}
	if errors.Is(answer.Err(), os.ErrDeadlineExceeded) {
		return false, fmt.Errorf("the server has not told it within %d seconds", int(reloadPatience.Seconds()))
	}
	return false, errors.New("the server went away before it told it")
}
