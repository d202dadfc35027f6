package process

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestSetTitle: in a process of its own, what ps would show is the title, long or short, and arguments and environment
// are what they were for the program itself.
func TestSetTitle(t *testing.T) {
	long := "nginx: master process " + strings.Repeat("x", 200)
	for _, c := range []struct{ title, want string }{
		{"short", "short"},
		{"nginx: worker process is shutting down", "nginx: worker process is shutting down"},
		{long, long},
		{"short again", "short again"},
	} {
		out, err := program("title", c.title).Output()
		if got := strings.TrimRight(string(out), "\x00"); err != nil || got != c.want {
			t.Errorf("%q shows as %q, %v", c.title, got, err)
		}
	}
}

// playTitle is the process of TestSetTitle.
func playTitle() int {
	arg, env := strings.Clone(os.Args[1]), strings.Clone(os.Getenv(roleEnv))
	SetTitle("another title before " + strings.Repeat("y", 50))
	SetTitle(arg)
	if os.Args[1] != arg || os.Getenv(roleEnv) != env {
		return 1
	}
	text, err := os.ReadFile("/proc/self/cmdline")
	if err != nil {
		return 2
	}
	_, _ = os.Stdout.Write(text)
	return 0
}

func TestTitleBytes(t *testing.T) {
	for _, c := range []struct {
		title     string
		args, all int64
		joined    bool
		want      string
	}{
		{"abc", 6, 20, true, "abc\x00\x00\x00"},
		{"abcdef", 6, 20, true, "abcdef\x00"},
		{"abcdefgh", 6, 20, true, "abcdefgh\x00"},
		{"abcdefgh", 6, 8, true, "abcdefg\x00"},
		{"abcdefgh", 6, 20, false, "abcde\x00"},
		{"abcdefgh", 6, 2, true, "abcde\x00"},
	} {
		if got := titleBytes(c.title, c.args, c.all, c.joined); string(got) != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

func FuzzTitleArea(f *testing.F) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stat)
	f.Add(bytes.Replace(stat, []byte("("), []byte("(a) b ("), 1))
	f.Add([]byte("1 ("))
	f.Fuzz(func(t *testing.T, stat []byte) {
		args, env, ok := titleArea(stat)
		if ok && (args.from <= 0 || args.size() <= 0 || env.size() < 0) {
			t.Errorf("%q: %v %v", stat, args, env)
		}
	})
}
