package role

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// TestCertificates: a worker is sent what is new, once, and the master waits for what it confirms.
func TestCertificates(t *testing.T) {
	m := newMaster(&holder{host: runtime.NewHost()})
	m.follow()
	l := &link{wakeUp: make(chan struct{}, 1)}
	m.workers[l], m.worker = struct{}{}, l
	table := m.host.Certificates()
	kinds := func() (out string) {
		for _, q := range l.queue {
			out += string(q.Kind)
		}
		l.queue = nil
		return out
	}
	if m.passCertificates(); kinds() != "" {
		t.Error("something was sent")
	}
	if _, err := table.AnswerHTTP("token", "auth"); err != nil {
		t.Fatal(err)
	}
	<-m.certificates
	m.passCertificates()
	if len(l.queue) != 1 || l.queue[0].Kind != msgAnswers {
		t.Fatalf("%v", l.queue)
	}
	w := &worker{host: runtime.NewHost()}
	if state, err := w.takeCertificates(nil, l.queue[0].Body); err != nil || state != 1 {
		t.Fatal(state, err)
	}
	if answer, ok := w.host.Certificates().HTTP([]byte("token")); !ok || string(answer) != "auth" {
		t.Errorf("%q", answer)
	}
	if m.passCertificates(); kinds() != "B" {
		t.Error("sent twice")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	served := make(chan struct{})
	go func() {
		_ = table.Served(ctx, nil)
		close(served)
	}()
	confirm := func(state uint64) process.Message {
		return process.Message{Kind: msgConfirm, Body: binary.BigEndian.AppendUint64(nil, state)}
	}
	if m.onMessage(l, process.Message{Kind: msgConfirm, Body: []byte("x")}) {
		t.Error("junk is a message")
	}
	other := &link{first: process.Message{Kind: msgConfigure}}
	if m.onMessage(other, confirm(1)) {
		t.Error("a worker that has been sent nothing confirms it")
	}
	if !m.onMessage(l, confirm(1)) {
		t.Error("the confirmation is no message")
	}
	<-served
	if ctx.Err() != nil {
		t.Error("the confirmation was not heard")
	}
	o := &acme.Order{Issuer: "ca", Names: []acme.Name{{Value: "a.test"}}}
	o.Identify()
	c, err := table.Entry(o).Certificate()
	if err != nil {
		t.Fatal(err)
	}
	table.Set(o, c)
	m.passCertificates()
	for _, bodies := range [][2][]byte{{l.queue[len(l.queue)-1].Body, nil}, {[]byte("junk"), nil}, {nil, []byte("junk")}} {
		_, err := w.takeCertificates(bodies[0], bodies[1])
		if junk := len(bodies[0]) <= 4; junk != (err != nil) {
			t.Errorf("%q: %v", bodies, err)
		}
	}
	if kinds() != "A" || w.host.Certificates().Entry(o).Issued() == nil {
		t.Error("the certificate has not come")
	}
}
