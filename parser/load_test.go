package parser

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// tree makes files (and folders, where the name ends in a slash) below a new
// folder and returns its name with a slash behind it.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		err := error(nil)
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(path, 0o777)
		} else {
			err = os.WriteFile(path, []byte("user "+filepath.Base(name)+";\n"), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir + "/"
}

func TestLoad(t *testing.T) {
	dir := tree(t, "nginx.conf", "conf.d/")
	f, err := Load(dir + "nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	if got := outline(f.Body); got != "[user nginx.conf]" || f.Path != dir+"nginx.conf" {
		t.Errorf("%s: got %s", f.Path, got)
	}
	if f, err = Load(dir + "nginx.conf\x00.bak"); err != nil || f.Path != dir+"nginx.conf" {
		t.Errorf("a name ends at its first NUL: %v", err)
	}
	if f, err = Load("/dev/null"); err != nil || len(f.Body) > 0 {
		t.Errorf("/dev/null: %v", err)
	}
}

func TestLoadErrors(t *testing.T) {
	dir := tree(t, "nginx.conf", "conf.d/")
	for _, tt := range []struct {
		name, path, want string
		is               error
		noLocation       bool
	}{
		{"missing", dir + "none", `open() "` + dir + `none" failed (2: No such file or directory)`, fs.ErrNotExist, false},
		{"below a file", dir + "nginx.conf/x", `open() "` + dir + `nginx.conf/x" failed (20: Not a directory)`, syscall.ENOTDIR, false},
		{"folder", dir + "conf.d", `pread() "` + dir + `conf.d" failed (21: Is a directory)`, syscall.EISDIR, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(tt.path)
			var fe *FileError
			if !errors.As(err, &fe) || !errors.Is(err, tt.is) {
				t.Fatalf("got %v", err)
			}
			if err.Error() != tt.want || fe.NoLocation != tt.noLocation {
				t.Errorf("got %s, without location: %t", err, fe.NoLocation)
			}
		})
	}
}

func TestInclude(t *testing.T) {
	dir := tree(t, "mime.types", "conf.d/b.conf", "conf.d/a.conf", "conf.d/.hidden.conf", "conf.d/10.conf", "conf.d/9.conf",
		"conf.d/B.conf", "conf.d/x", "conf.d/[y].conf", "s/b/1.conf", "s/a/2.conf", "s/a-b/1.conf", "s/file", "empty/")
	for _, tt := range []struct {
		name, arg string
		want      []string
	}{
		{"relative", "mime.types", []string{"mime.types"}},
		{"name need not exist", "none.conf", []string{"none.conf"}},
		{"name ends at NUL", "mime.types\x00*", []string{"mime.types"}},
		{"pattern", "conf.d/*.conf", []string{"conf.d/10.conf", "conf.d/9.conf", "conf.d/B.conf", "conf.d/[y].conf", "conf.d/a.conf", "conf.d/b.conf"}},
		{"no match", "conf.d/*.none", nil},
		{"no folder", "none/*.conf", nil},
		{"empty folder", "empty/*", nil},
		{"question mark", "conf.d/?.conf", []string{"conf.d/9.conf", "conf.d/B.conf", "conf.d/a.conf", "conf.d/b.conf"}},
		{"leading dot", "conf.d/.h*", []string{"conf.d/.hidden.conf"}},
		{"class", "conf.d/[[:digit:]]*", []string{"conf.d/10.conf", "conf.d/9.conf"}},
		{"negation", "conf.d/[!0-9A-Z[]*.conf", []string{"conf.d/a.conf", "conf.d/b.conf"}},
		{"escaped brackets", `conf.d/\[*`, []string{"conf.d/[y].conf"}},
		{"bracket without end that exists not", "conf.d/[x", nil},
		{"sorted as whole names", "s/*/*.conf", []string{"s/a-b/1.conf", "s/a/2.conf", "s/b/1.conf"}},
		{"name behind a pattern", "s/*/1.conf", []string{"s/a-b/1.conf", "s/b/1.conf"}},
		{"folders only", "s/*/", []string{"s/a-b/", "s/a/", "s/b/"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Include(tt.arg, dir)
			if err != nil {
				t.Fatal(err)
			}
			for i, name := range got {
				got[i] = strings.TrimPrefix(name, dir)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
	if got, _ := Include("/etc/x", dir); len(got) != 1 || got[0] != "/etc/x" {
		t.Errorf("absolute name: got %q", got)
	}
}

// matchTests are answers of glibc's fnmatch.
var matchTests = []struct {
	pattern, name string
	want          bool
}{
	{"*", "a", true},
	{"*", ".a", false},
	{".*", ".a", true},
	{`\.*`, ".a", true},
	{"?a", ".a", false},
	{"[.]a", ".a", false},
	{"a*b*c", "axxbxbc", true},
	{"a*b*c", "axxbxb", false},
	{"*.conf", "a.conf.bak", false},
	{"**", "a", true},
	{`\*`, "*", true},
	{`\*`, "a", false},
	{`a\`, `a\`, false},
	{"[a-c]", "b", true},
	{"[a-c]", "d", false},
	{"[!a-c]", "d", true},
	{"[^a-c]", "b", false},
	{"[]]", "]", true},
	{"[!]]", "]", false},
	{"[a-]", "-", true},
	{"[c-a]", "b", false},
	{`[\]]`, "]", true},
	{`[a\-c]`, "b", false},
	{"[[:alpha:]]", "x", true},
	{"[[:alpha:]]", "1", false},
	{"[[:xdigit:]-]", "-", true},
	{"[[:none:]]", "n", false},
	{"[a", "[a", true},
	{"[a", "a", false},
	{"", "", true},
	{"", "a", false},
}

func TestMatch(t *testing.T) {
	for _, tt := range matchTests {
		if got := match(tt.pattern, tt.name); got != tt.want {
			t.Errorf("%q, %q: got %t", tt.pattern, tt.name, got)
		}
	}
}

func TestCycle(t *testing.T) {
	main := Parse("/a", []byte("include b;"))
	b := Parse("/b", []byte("include a; include c;"))
	b.IncludedBy = main.Body[0]
	for _, tt := range []struct {
		path string
		want bool
	}{{"/a", true}, {"/b", true}, {"/c", false}} {
		if got := b.Cycle(tt.path); got != tt.want {
			t.Errorf("%s: got %t", tt.path, got)
		}
	}
	param := ParseParam("include a;")
	if param.Cycle("") {
		t.Error("-g was taken for a file without a name")
	}
}

func TestDump(t *testing.T) {
	a, b := Parse("/a", []byte("include b;\n")), Parse("/b", []byte("#b"))
	var out bytes.Buffer
	if err := Dump(&out, []*File{ParseParam("daemon off;"), a, b, b, Parse("/c", nil)}); err != nil {
		t.Fatal(err)
	}
	want := "# configuration file /a:\ninclude b;\n\n# configuration file /b:\n#b\n# configuration file /c:\n\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
