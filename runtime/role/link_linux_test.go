package role

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/process"
)

// TestQueueIsBounded: however often something is asked of a worker that takes nothing, one message of a kind waits, with
// its descriptors.
func TestQueueIsBounded(t *testing.T) {
	l := &link{wakeUp: make(chan struct{}, 1)}
	before := openDescriptors(t)
	tell := func(kind byte) {
		fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		l.tell(process.Message{Kind: kind, Files: []int{fd}})
	}
	for range 100 {
		tell(msgReopen)
		tell(msgQuit)
		tell(msgTerminate)
	}
	if n := openDescriptors(t); len(l.queue) != 3 || n != before+3 {
		t.Errorf("%d messages, %d descriptors, before %d", len(l.queue), n, before)
	}
	l.stopSending()
	tell(msgReopen)
	if n := openDescriptors(t); len(l.queue) != 0 || n != before {
		t.Errorf("after the end: %d messages, %d descriptors, before %d", len(l.queue), n, before)
	}
	if m, closed := l.next(); m.Kind != 0 || !closed {
		t.Errorf("after the end: %c, %v", m.Kind, closed)
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestPrintable: what a worker says writes no line of its own, and moves no cursor.
func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		`open() "/srv/Zeitung – für.log" failed (2: No such file)`: `open() "/srv/Zeitung – für.log" failed (2: No such file)`,
		"a\n2026/11/29 00:00:00 [emerg] forged":                    `a\x0A2026/11/29 00:00:00 [emerg] forged`,
		"\x1b[2J\r\t\x00\x7f":                                      `\x1B[2J\x0D\x09\x00\x7F`,
		"\xff\u0085\u2028\u202e\ufffd":                             `\xFF\xC2\x85\xE2\x80\xA8\xE2\x80\xAE` + "\ufffd",
		"":                                                         "",
	} {
		if got := printable([]byte(text)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
