//go:build machines

package scratch

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestFilesStayApart: what a machine does first happens to its own files already, not to those of this machine.
func TestFilesStayApart(t *testing.T) {
	const machines = 40
	here := t.TempDir()
	for i := range machines {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			m, err := New(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			name := filepath.Join(here, fmt.Sprint(i))
			if out, code, err := m.Run(t.Context(), "/bin/touch", name); code != 0 || err != nil {
				t.Fatal(out, code, err)
			}
			if _, err := os.Stat(name); err == nil {
				t.Error("the file is here")
			}
			if _, err := os.Stat(m.Path(name)); err != nil {
				t.Error(err)
			}
		})
	}
}
