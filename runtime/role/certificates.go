package role

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// follow makes the Table of the process one that workers serve.
func (m *master) follow() {
	m.certificates = make(chan struct{}, 1)
	m.host.Certificates().Follow(func() {
		select {
		case m.certificates <- struct{}{}:
		default:
		}
	})
}

// passCertificates tells the workers what is new.
func (m *master) passCertificates() {
	for l := range m.workers {
		if l.first.Kind == 0 && !l.givenUp {
			m.passTo(l)
		}
	}
}

// passTo tells a worker what it does not have yet, after its first configuration.
func (m *master) passTo(l *link) {
	table := m.host.Certificates()
	certs, answers := table.Versions()
	if certs != l.certs {
		l.tell(process.Message{Kind: msgCerts, Body: table.Certificates()})
	}
	if answers != l.answers {
		l.tell(process.Message{Kind: msgAnswers, Body: table.Challenges()})
	}
	l.certs, l.answers = certs, answers
}

// onConfirm takes what a worker says that it has of the answers: the state, and the marks of hooks that have failed, eight
// bytes each.
func (m *master) onConfirm(l *link, body []byte) (ok bool) {
	if len(body) < 8 || len(body)%8 != 0 {
		return false
	}
	if l == m.worker || m.worker == nil {
		var numbers []uint64
		for ; len(body) > 0; body = body[8:] {
			numbers = append(numbers, binary.BigEndian.Uint64(body))
		}
		m.host.Certificates().Confirm(numbers[0], numbers[1:])
	}
	return true
}

// takeCertificates makes what the master has sent the worker's own, nil for nothing. It returns the state of
// the answers, for confirm.
func (w *worker) takeCertificates(certs, answers []byte) (state uint64, err error) {
	table := w.host.Certificates()
	if certs != nil {
		if err := table.TakeCertificates(certs); err != nil {
			return 0, err
		}
	}
	if answers != nil {
		state, err = table.TakeChallenges(answers)
	}
	return state, err
}

// confirmation is a message for the master that confirm sends.
type confirmation []byte

// hooksLimit bounds the wait for the hooks of acme_hook. The master does not wait as long.
const hooksLimit = 6 * time.Minute

// confirm tells the master which answers this worker gives, once its hooks have returned.
func (w *worker) confirm(state uint64) {
	if state == 0 {
		return
	}
	if w.confirms == nil {
		w.confirms = make(chan confirmation)
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), hooksLimit)
		defer cancel()
		body := binary.BigEndian.AppendUint64(nil, state)
		for _, mark := range w.host.Certificates().Hooked(ctx) {
			if len(body) < maxAnswer {
				body = binary.BigEndian.AppendUint64(body, mark)
			}
		}
		select {
		case w.confirms <- body:
		case <-ctx.Done(): // the worker has not asked, it is about to end
		}
	}()
}

// takeNews does what a message about certificates asks for.
func (w *worker) takeNews(m process.Message) {
	certs, answers := m.Body, []byte(nil)
	if m.Kind == msgAnswers {
		certs, answers = nil, m.Body
	}
	state, err := w.takeCertificates(certs, answers)
	if err != nil {
		w.server.Config().Log.Fail(errlog.Emerg, err)
	}
	w.confirm(state)
}
