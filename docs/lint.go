package docs

import (
	"bytes"
	_ "embed"

	"github.com/sluiceproxy/sluice/runtime/lint"
)

//go:embed lint.txt
var lintHead []byte

// Lint is lint.md: how `sluice lint` is used, and every rule with its examples.
func Lint() ([]byte, error) {
	b := bytes.NewBuffer(bytes.Clone(lintHead))
	err := lint.Markdown(b)
	return b.Bytes(), err
}
