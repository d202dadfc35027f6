package check

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// TestEnumsAreNotInTheTables keeps the words that are written down here to those directives that read them by themselves.
func TestEnumsAreNotInTheTables(t *testing.T) {
	l := runtime.Registry()
	for name := range enums {
		known := false
		for _, s := range l.Named(name) {
			if l.Support(s) != conf.Supported && l.Support(s) != conf.Hint {
				continue
			}
			known = true
			if words := l.Words(s); words != nil {
				t.Errorf("%s has its words from the module: %q", name, words)
			}
		}
		if !known {
			t.Errorf("%s: no such directive", name)
		}
	}
}
