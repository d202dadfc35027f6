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
