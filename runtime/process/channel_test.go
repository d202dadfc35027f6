package process

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// pair is both ends of a channel in this process.
func pair(t testing.TB) (*Channel, *Channel) {
	t.Helper()
	ours, theirs, err := newChannel()
	if err != nil {
		t.Fatal(err)
	}
	other, err := openChannel(theirs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); other.Close() })
	return ours, other
}

// TestChannelMessages: bodies of every size, and more files than go at once.
func TestChannelMessages(t *testing.T) {
	master, worker := pair(t)
	name := t.TempDir() + "/file"
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, want := range []Message{
		{Kind: 'a'},
		{Kind: 'b', Body: []byte("body")},
		{Kind: 'c', Body: bytes.Repeat([]byte("large"), 1<<20)},
		{Kind: 'd', Files: []int{int(f.Fd())}},
		{Kind: 'e', Body: []byte("both"), Files: repeat(int(f.Fd()), 3*filesAtOnce+1)},
		{Kind: 'f', Body: []byte("behind files")},
	} {
		sent := make(chan error, 1)
		go func() { sent <- master.Send(want) }()
		got, err := worker.Receive(10<<20, true)
		if err != nil || <-sent != nil {
			t.Fatalf("%c: %v", want.Kind, err)
		}
		if got.Kind != want.Kind || !bytes.Equal(got.Body, want.Body) || len(got.Files) != len(want.Files) {
			t.Errorf("%c: %c, %d bytes, %d files", want.Kind, got.Kind, len(got.Body), len(got.Files))
		}
		for _, fd := range got.Files {
			if _, err := unix.Write(fd, []byte{got.Kind}); err != nil {
				t.Errorf("%c: a file cannot be written: %v", want.Kind, err)
			}
			if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("%c: a child would inherit the file", want.Kind)
			}
		}
		closeAll(got.Files)
	}
	written, err := os.ReadFile(name)
	if want := "d" + strings.Repeat("e", 3*filesAtOnce+1); err != nil || string(written) != want {
		t.Errorf("%d bytes were written, want %d; %v", len(written), len(want), err)
	}
	master.Close()
	if _, err := worker.Receive(1, true); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
}

func repeat(fd, n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = fd
	}
	return list
}

// TestChannelLimits: a master takes neither much nor files from its worker.
func TestChannelLimits(t *testing.T) {
	for name, m := range map[string]Message{
		"a body over the limit": {Kind: 'F', Body: make([]byte, 101)},
		"files":                 {Kind: 'F', Files: []int{0}},
	} {
		master, worker := pair(t)
		if err := worker.Send(m); err != nil {
			t.Fatal(err)
		}
		if _, err := master.Receive(100, false); !errors.Is(err, errMessage) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzReceive: whatever a worker writes, its master reads no more than it wants and does not wait for what cannot come.
func FuzzReceive(f *testing.F) {
	f.Add([]byte("D\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("F\x00\x00\x00\x00\x00\x00\x00\x04text"))
	f.Add([]byte("F\x00\x00\x00\x01\xff\xff\xff\xff"))
	f.Add([]byte("H\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		master, worker := pair(t)
		go func() {
			_, _ = worker.conn.Write(data)
			worker.Close()
		}()
		for {
			m, err := master.Receive(64, len(data)%2 == 0)
			if len(m.Body) > 64 || len(m.Files) > 0 {
				t.Fatalf("%d bytes, %d files", len(m.Body), len(m.Files))
			}
			if err != nil {
				return
			}
		}
	})
}

// TestChannelFinish: when the other process has ended, what it said is read to the end, though a third has a copy of its
// side.
func TestChannelFinish(t *testing.T) {
	master, worker := pair(t)
	if err := worker.Send(Message{Kind: 'F', Body: []byte("last words")}); err != nil {
		t.Fatal(err)
	}
	master.Finish()
	if m, err := master.Receive(100, false); err != nil || string(m.Body) != "last words" {
		t.Errorf("%q, %v", m.Body, err)
	}
	if _, err := master.Receive(100, false); err == nil {
		t.Error("waits for more")
	}
}

// TestChannelFinishEndsSend: a message that waits for room, which only a third process could make, does not hold up the end.
func TestChannelFinishEndsSend(t *testing.T) {
	master, _ := pair(t)
	sent := make(chan error)
	go func() { sent <- master.Send(Message{Kind: 'C', Body: make([]byte, 16<<20)}) }()
	master.Finish()
	if err := <-sent; !errors.Is(err, unix.EPIPE) {
		t.Errorf("%v, want a broken pipe", err)
	}
}
