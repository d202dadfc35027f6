package runtime

import (
	"sync"
	"time"

	"github.com/sluiceproxy/sluice/runtime/process"
)

// A link is a worker and what goes between it and the master. Two goroutines
// serve it; both end with the worker.
type link struct {
	*process.Child
	news    chan<- news
	started time.Time
	// exiting is set when the worker was told to end, serving when it has taken a
	// configuration, failed when it has refused its first one, stale when log files
	// were opened anew while it had others on the way.
	exiting, serving, failed, stale bool
	first                           process.Message // its configuration, until it has said hello

	mu     sync.Mutex
	queue  []process.Message
	ended  bool
	wakeUp chan struct{}
}

// news is what a worker says, or how it has ended.
type news struct {
	from *link
	process.Message
	exited *process.Exited // nil for a message
}

// newLink begins to serve a worker. What it says, and in the end that it has
// ended, goes to news; done is called when nothing more comes.
func newLink(child *process.Child, out chan<- news, done func()) *link {
	l := &link{Child: child, news: out, started: time.Now(), wakeUp: make(chan struct{}, 1)}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		l.send()
	}()
	go func() {
		defer done()
		l.receive()
		e := <-l.Exited()
		l.end()
		<-sent
		out <- news{from: l, exited: &e}
	}()
	return l
}

// tell sends the worker a message, whose files it takes over, when it has taken
// those before it.
func (l *link) tell(m process.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		closeFiles(m.Files)
		return
	}
	l.queue = append(l.queue, m)
	select {
	case l.wakeUp <- struct{}{}:
	default:
	}
}

// receive passes on what the worker says until the other end is closed.
func (l *link) receive() {
	for {
		m, err := l.Channel.Receive(maxAnswer, false)
		if err != nil {
			return
		}
		l.news <- news{from: l, Message: m}
	}
}

// send sends what is queued until the link has ended.
func (l *link) send() {
	for {
		<-l.wakeUp
		for {
			m, ended := l.next()
			if ended {
				return
			}
			if m.Kind == 0 {
				break
			}
			// One that does not listen is dead, or will be signalled.
			_ = l.Channel.Send(m)
			closeFiles(m.Files)
		}
	}
}

// next is the message to send, without a kind when there is none.
func (l *link) next() (m process.Message, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 {
		m, l.queue = l.queue[0], l.queue[1:]
	}
	return m, l.ended
}

// end ends sending.
func (l *link) end() {
	l.mu.Lock()
	l.ended = true
	for _, m := range l.queue {
		closeFiles(m.Files)
	}
	l.queue = nil
	l.mu.Unlock()
	l.Channel.Close()
	select {
	case l.wakeUp <- struct{}{}:
	default:
	}
}
