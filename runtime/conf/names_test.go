package conf

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestKnowsNoDirective: no directive is named in this package but include, which
// the language itself has. What else there is to know of one belongs to the module
// that registers it.
func TestKnowsNoDirective(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if _, imports := n.(*ast.ImportSpec); imports {
				return false
			}
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			word, err := strconv.Unquote(lit.Value)
			switch {
			case err != nil, word == "include", path == "access.go" && word == "user", word == DefaultThreadPool: // other things of that name
			case specsByName()[word] != nil:
				t.Errorf("%s: %q", set.Position(lit.Pos()), word)
			}
			return true
		})
	}
}
