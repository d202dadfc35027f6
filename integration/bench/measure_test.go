package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// TestFailedStart: a bench that cannot be made leaves no application behind.
func TestFailedStart(t *testing.T) {
	lab, err := harness.NewLab(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(lab.Dir, "sluice-root"), nil, 0o600); err != nil { // where a folder has to be
		t.Error(err)
	}
	if _, err := newBench(t.Context(), lab); err == nil {
		t.Error("no error")
	}
	if err := lab.Close(); err != nil {
		t.Error(err)
	}
}
