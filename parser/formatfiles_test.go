package parser

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestFormatFiles formats every configuration of the repository, those in its test cases among them, and, where nginx is
// installed, its own: the result is read as the same statements, and formatting it again changes nothing.
func TestFormatFiles(t *testing.T) {
	formatted := 0
	check := func(name string, data []byte) {
		t.Run(name, func(t *testing.T) {
			if checkFormat(t, data) {
				formatted++
			}
		})
	}
	for _, root := range []string{"..", "/etc/nginx"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !d.Type().IsRegular() {
				return nil // nginx need not be here
			}
			archive := strings.HasSuffix(path, ".txtar") || strings.HasSuffix(path, ".txt") && strings.Contains(path, "testdata")
			if root == ".." && !archive && !strings.HasSuffix(path, ".conf") && filepath.Base(path) != "mime.types" {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return nil // one that only root may read
			}
			if !archive {
				check(path, data)
				return nil
			}
			for _, f := range txtar.Parse(data).Files {
				if strings.HasSuffix(f.Name, ".conf") {
					check(path+"/"+f.Name, f.Data)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if formatted < 100 {
		t.Errorf("only %d configurations were formatted", formatted)
	}
}
