package diskfile_test

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// owner keeps what is logged.
type owner struct {
	numbers atomic.Uint64
	logged  []string
}

func (o *owner) Numbers() *atomic.Uint64 { return &o.numbers }

func (o *owner) Logf(_ errlog.Level, _ error, format string, args ...any) {
	o.logged = append(o.logged, fmt.Sprintf(format, args...))
}

// TestCreate: a temporary file is named by its number, in folders of the last digits; one that is there already is left alone.
func TestCreate(t *testing.T) {
	var o owner
	temp := diskfile.TempPath{Dir: t.TempDir(), Levels: [3]int{1, 2}}
	f, err := temp.Create(&o)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	if want := filepath.Join(temp.Dir, "1", "00", "0000000001"); f.Name() != want {
		t.Errorf("%s, want %s", f.Name(), want)
	}
	o.numbers.Store(0)
	again, err := temp.Create(&o)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
	if again.Name() == f.Name() {
		t.Error("the file of an earlier process was taken")
	}
}

func TestMove(t *testing.T) {
	var o owner
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "a", "b", "to")
	if err := os.WriteFile(from, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if diskfile.Move(&o, from, to, diskfile.MoveOptions{Time: -1}) || len(o.logged) != 1 {
		t.Errorf("moved into a folder that is not there; logged %q", o.logged)
	}
	if !diskfile.Move(&o, from, to, diskfile.MoveOptions{Time: 1e9, Access: 0o640, PathAccess: 0o640, MakePath: true}) {
		t.Fatalf("not moved: %q", o.logged)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o640 || info.ModTime().Unix() != 1e9 {
		t.Error(info, err)
	}
	if _, err := os.Stat(from); !os.IsNotExist(err) {
		t.Error("the file is still under its old name:", err)
	}
}

func TestNames(t *testing.T) {
	var o owner
	path := t.TempDir()
	for _, name := range []string{".hidden", "file"} {
		if err := os.WriteFile(filepath.Join(path, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(path, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	dir, err := diskfile.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dir.Close() }()
	var got []string
	ok := diskfile.Names(&o, dir, func(name []byte, kind fs.FileMode) bool {
		got = append(got, fmt.Sprint(string(name), " ", kind.IsDir()))
		return true
	})
	slices.Sort(got)
	if want := []string{"file false", "folder true"}; !ok || !slices.Equal(got, want) {
		t.Errorf("%q %v, want %q", got, ok, want)
	}
}

// TestReplace: a file is replaced as a whole, or not at all.
func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	write := func(text string) error {
		return diskfile.Replace(path, 0o600, func(w *bufio.Writer) { _, _ = w.WriteString(text) })
	}
	check := func(want string) {
		t.Helper()
		text, err := os.ReadFile(path)
		list, _ := os.ReadDir(dir)
		if err != nil || string(text) != want || len(list) != 1 {
			t.Errorf("%.20q, %v, %d files", text, err, len(list))
		}
	}
	for _, text := range []string{"first", strings.Repeat("second", 64<<10), ""} {
		if err := write(text); err != nil {
			t.Error(err)
		}
		check(text)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	path = filepath.Join(dir, "none", "state")
	if call, name := diskfile.Failure(write("x")); call != "open" || !strings.HasPrefix(name, path) {
		t.Errorf("%s %s", call, name)
	}
	path = filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if call, name := diskfile.Failure(write("x")); call != "rename" || !strings.HasPrefix(name, path) {
		t.Errorf("%s %s", call, name)
	}
	if list, _ := os.ReadDir(dir); len(list) != 2 {
		t.Errorf("%d entries, a file is left over", len(list))
	}
}

// TestFolderCannotBeMade: a link to nothing is where the folder would be, so that there is something with its name and no folder.
func TestFolderCannotBeMade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	if err := os.Symlink("nothing", dir); err != nil {
		t.Fatal(err)
	}
	o := &owner{}
	path := diskfile.TempPath{Dir: dir}
	if f, err := path.Create(o); err == nil {
		t.Fatal("made ", f.Name())
	}
	if want := []string{`mkdir() "` + dir + `" failed`}; !slices.Equal(o.logged, want) {
		t.Errorf("logged %q, want %q", o.logged, want)
	}
}
