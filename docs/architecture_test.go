package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var goFile = regexp.MustCompile("`([a-zA-Z0-9_/]+\\.go)`")

// TestFilesExist: each Go file that a page names is there, in the folder that the page names with it.
func TestFilesExist(t *testing.T) {
	var files []string
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && e.Name() == ".git": // it may change meanwhile
			return fs.SkipDir
		case strings.HasSuffix(path, ".go"):
			files = append(files, filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	adrs, err := filepath.Glob("adr/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, adrs...) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range goFile.FindAllStringSubmatch(string(text), -1) {
			if !endsAny(files, "/"+m[1]) {
				t.Errorf("%s: there is no %s", page, m[1])
			}
		}
	}
}

func endsAny(list []string, end string) bool {
	for _, s := range list {
		if strings.HasSuffix(s, end) {
			return true
		}
	}
	return false
}

var (
	identifierOfFile    = regexp.MustCompile("`([a-zA-Z0-9_/]+\\.go)`(?: \\(|, )`([a-zA-Z]\\w*)`\\)")
	identifierOfPackage = regexp.MustCompile("`([a-z][a-z0-9]*)\\.([A-Z]\\w*)(?:\\.([A-Z]\\w*))?`")
)

// TestIdentifiersExist: an identifier that a page names with its file (`file.go` (`Name`)) is declared in that file, one that
// it names with a package of ours (`package.Name`) in that package.
func TestIdentifiersExist(t *testing.T) {
	texts := map[string]string{} // by file
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && e.Name() == ".git":
			return fs.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			b, err := os.ReadFile(path)
			texts[filepath.ToSlash(path)] = string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		page, text := page, string(b)
		check := func(name string, in func(path string) bool) {
			known := false
			for path, code := range texts {
				if !in(path) {
					continue
				}
				known = true
				if regexp.MustCompile(`(?m)^\s*(func|type|var|const)? ?(\([^)]*\) )?` + name + `\b`).MatchString(code) {
					return
				}
			}
			if known {
				t.Errorf("%s: there is no %s", page, name)
			}
		}
		for _, m := range identifierOfFile.FindAllStringSubmatch(text, -1) {
			check(m[2], func(path string) bool { return strings.HasSuffix(path, "/"+m[1]) })
		}
		for _, m := range identifierOfPackage.FindAllStringSubmatch(text, -1) {
			for _, name := range m[2:] {
				if name != "" {
					check(name, func(path string) bool { return filepath.Base(filepath.Dir(path)) == m[1] })
				}
			}
		}
	}
}
