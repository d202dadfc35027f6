package role

import (
	"slices"
	"testing"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/netio"
	"github.com/sluiceproxy/sluice/runtime/process"
)

// fakeRole notes what a holder asks of it.
type fakeRole struct {
	did  []string
	busy bool
}

func (f *fakeRole) config() *runtime.Config      { return &runtime.Config{} }
func (f *fakeRole) listeners() []*netio.Listener { return nil }
func (f *fakeRole) begin(*runtime.Change) error  { return nil }
func (f *fakeRole) cancel()                      {}
func (f *fakeRole) serve() int                   { return 0 }
func (f *fakeRole) handOver(c *runtime.Change, _ *process.Outcome) {
	f.did = append(f.did, "hand over")
	c.Undo()
}
func (f *fakeRole) ready(process.Event) bool { return !f.busy }
func (f *fakeRole) terminate()               { f.did = append(f.did, "terminate") }
func (f *fakeRole) quit()                    { f.did = append(f.did, "quit") }
func (f *fakeRole) reopen()                  { f.did = append(f.did, "reopen") }
func (f *fakeRole) save()                    { f.did = append(f.did, "save") }
func (f *fakeRole) pause()                   { f.did = append(f.did, "pause") }
func (f *fakeRole) resume()                  { f.did = append(f.did, "resume") }

// TestSignals: what a single process and a master do on a signal, and that what cannot begin now is left to the role.
func TestSignals(t *testing.T) {
	for e, want := range map[process.Event]string{
		process.Terminate: "terminate", process.Quit: "quit", process.Reopen: "reopen",
		process.StopAccepting: "pause", process.ChildExited: "",
	} {
		for _, busy := range []bool{false, true} {
			f := &fakeRole{busy: busy}
			h := &holder{role: f}
			h.obey(e)
			var all []string
			if want != "" && (e != process.StopAccepting || !busy) {
				all = []string{want}
			}
			if !slices.Equal(f.did, all) {
				t.Errorf("event %d, busy %v: %v, want %v", e, busy, f.did, all)
			}
		}
	}
}

// TestMasterPutsOff: while a change is under way each kind of signal waits once, and none when the end was asked for.
func TestMasterPutsOff(t *testing.T) {
	m := newMaster(&holder{})
	if !m.ready(process.Reload) || len(m.later) != 0 {
		t.Error("waits without a change")
	}
	m.change = &handover{}
	for range 3 {
		for _, e := range []process.Event{process.Reload, process.Upgrade} {
			if m.ready(e) {
				t.Errorf("event %d begins beside a change", e)
			}
		}
	}
	if want := []process.Event{process.Reload, process.Upgrade}; !slices.Equal(m.later, want) {
		t.Errorf("waiting: %v, want %v", m.later, want)
	}
	m.ending, m.later = process.Quit, nil
	if m.ready(process.Reload) || len(m.later) != 0 {
		t.Error("waits for what never comes")
	}
}
