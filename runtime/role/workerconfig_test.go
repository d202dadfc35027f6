package role

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sluiceproxy/sluice/runtime"
)

// TestWorkingDirectory: the directory of a worker is that of the configuration that it has taken, and that in which it was
// started where there is none.
func TestWorkingDirectory(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"start", "one", "two"} {
		if err := os.Mkdir(filepath.Join(base, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(base, "start"))
	w := &worker{host: runtime.NewHost()}
	enter := func(dir, want string) *runtime.Change {
		t.Helper()
		text := "events { }"
		if dir != "" {
			text = "working_directory " + filepath.Join(base, dir) + "; " + text
		}
		path := filepath.Join(base, "nginx.conf")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := w.host.Load(runtime.Options{Prefix: base + "/", ConfPath: path}, nil)
		if err := c.Err(); err != nil {
			t.Fatal(err)
		}
		if err := w.enter(c); err != nil {
			t.Fatal(err)
		}
		wantDirectory(t, filepath.Join(base, want))
		return c
	}
	enter("one", "one")
	enter("two", "two").Undo()
	wantDirectory(t, filepath.Join(base, "one"))
	enter("", "start").Undo()
	wantDirectory(t, filepath.Join(base, "one"))
	enter("", "start")
}

func wantDirectory(t *testing.T, want string) {
	t.Helper()
	if got, err := os.Getwd(); got != want || err != nil {
		t.Errorf("in %s, %v; want %s", got, err, want)
	}
}
