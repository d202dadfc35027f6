package role

import (
	"errors"
	"io"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/process"
)

// answerLimit is how long a worker may take for what it is to answer: to load a
// configuration, or to end after it has closed its end of the channel.
const answerLimit = time.Minute

// A link is the master's side of one worker: the process, what is sent to it, and what
// the master knows of it. Three goroutines serve it; all end with the worker. Fields without a comment of their own belong to
// the goroutine of the master.
type link struct {
	*process.Child
	reports chan<- report
	started time.Time
	// exiting is set when the worker was told to end, serving when it has taken a
	// configuration, failed when it has refused its first one, stale when log files
	// were opened anew while it had others on the way, givenUp when nothing it sends
	// counts any more.
	exiting, serving, failed, stale, givenUp bool
	asked                                    bool            // it owes an answer to a configuration
	first                                    process.Message // its configuration, until it has sent msgHello

	// certs and answers are the states of the Table that it was sent, see Table.Versions.
	certs, answers uint64

	timer   *time.Timer // of what the worker has to do next; nil before the first one
	timerID int         // of timer: reports of an earlier one do not count

	mu sync.Mutex // for the fields below
	// queue is what waits to be sent. It has one message of a kind, so it is bounded in
	// memory and descriptors by what a configuration takes.
	queue  []process.Message
	closed bool
	wakeUp chan struct{}
	over   chan struct{} // closed when nothing comes from the link any more
}

// report is a message of a worker, or what has become of it, for the goroutine of the
// master.
type report struct {
	from *link
	process.Message
	exited  *process.Exited // it has ended
	silent  bool            // it has closed its end of the channel
	overdue int             // the timer with this number has run out, 0 for none
	broken  error           // a message could not be sent, or what came is none
}

// newLink begins to serve a worker. Its messages, and in the end that it has
// ended, go to out; done is called when nothing more comes.
func newLink(child *process.Child, out chan<- report, done func()) *link {
	l := &link{Child: child, reports: out, started: time.Now(), wakeUp: make(chan struct{}, 1), over: make(chan struct{})}
	var ends sync.WaitGroup
	ends.Go(l.send)
	ends.Go(l.receive)
	go func() {
		defer done()
		e := <-l.Exited() // not the end of the channel, of which any process may have a copy
		l.stopSending()
		l.Channel.Finish()
		ends.Wait()
		l.Channel.Close()
		out <- report{from: l, exited: &e}
		close(l.over)
	}()
	return l
}

// tell sends the worker a message, whose files it takes over, when it has taken
// those before it. The message replaces one of its kind that still waits.
func (l *link) tell(m process.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		closeFiles(m.Files)
		return
	}
	if i := slices.IndexFunc(l.queue, func(q process.Message) bool { return q.Kind == m.Kind }); i >= 0 {
		closeFiles(l.queue[i].Files)
		l.queue[i] = m
	} else {
		l.queue = append(l.queue, m)
	}
	l.wake()
}

func (l *link) wake() {
	select {
	case l.wakeUp <- struct{}{}:
	default:
	}
}

// receive passes on the messages of the worker until the other end is closed.
func (l *link) receive() {
	for {
		m, err := l.Channel.Receive(maxAnswer, false)
		switch {
		case err == nil:
			l.reports <- report{from: l, Message: m}
			continue
		case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
			l.reports <- report{from: l, silent: true}
		case !l.isClosed(): // else it has ended, or was given up, and the error is that of Finish or Close
			l.reports <- report{from: l, broken: err}
		}
		return
	}
}

// send sends what is queued until the link has ended or a message was not taken:
// another one in the middle of it would be read as its rest.
func (l *link) send() {
	for range l.wakeUp {
		for {
			m, closed := l.next()
			if closed {
				return
			}
			if m.Kind == 0 {
				break
			}
			err := l.Channel.Send(m)
			closeFiles(m.Files)
			if err == nil {
				continue
			}
			if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) { // else receive tells
				l.reports <- report{from: l, broken: err}
			}
			return
		}
	}
}

// next is the message to send, without a kind when there is none.
func (l *link) next() (m process.Message, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 {
		m = l.queue[0]
		l.queue = slices.Delete(l.queue, 0, 1) // which clears the last place: a message is as large as the configuration
	}
	return m, l.closed
}

// isClosed reports whether nothing is sent any more.
func (l *link) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// stopSending drops what is queued, and whatever comes.
func (l *link) stopSending() {
	l.mu.Lock()
	l.closed = true
	for _, m := range l.queue {
		closeFiles(m.Files)
	}
	l.queue = nil
	l.wake()
	l.mu.Unlock()
}

// cut ends the conversation with a worker that lives.
func (l *link) cut() {
	l.stopSending()
	l.Channel.Close()
}

// startTimer gives the worker limit for what it has to do next. After that the master
// gets a report with overdue.
func (l *link) startTimer(limit time.Duration) {
	l.stopTimer()
	id := l.timerID
	l.timer = time.AfterFunc(limit, func() {
		select {
		case l.reports <- report{from: l, overdue: id}:
		case <-l.over:
		}
	})
}

// stopTimer is called when the worker has done what it had to do.
func (l *link) stopTimer() {
	l.timerID++
	if l.timer != nil {
		l.timer.Stop()
	}
}
