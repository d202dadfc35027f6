package conf

import (
	"os"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/parser"
)

func TestAccess(t *testing.T) {
	for _, c := range []struct {
		words string
		want  os.FileMode // 0: refused
	}{
		{"user:rw", 0o600},
		{"user:r", 0o400},
		{"group:r", 0o640},
		{"all:rw", 0o606},
		{"user:rw group:rw all:r", 0o664},
		{"user:r all:r", 0o404},
		{"user:w", 0},
		{"world:r", 0},
		{"rw", 0},
		{"", 0},
	} {
		t.Run(c.words, func(t *testing.T) {
			n := &Node{Directive: &parser.Directive{}}
			for _, w := range strings.Split(c.words, " ") {
				n.Args = append(n.Args, parser.Arg{Value: w})
			}
			table := Table{name: "dav_access", cmd: &Cmd{Node: n}}
			mode := os.FileMode(0)
			table.Access("dav_access", &mode)
			if mode != c.want || (table.err == nil) != (c.want != 0) {
				t.Errorf("%o, %v, want %o", mode, table.err, c.want)
			}
		})
	}
}

func TestFolderAccess(t *testing.T) {
	for file, want := range map[os.FileMode]os.FileMode{0o600: 0o700, 0o644: 0o755, 0o640: 0o750} {
		if got := FolderAccess(file); got != want {
			t.Errorf("%o: %o, want %o", file, got, want)
		}
	}
}
