package limits

import (
	"fmt"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// tries is how often a value is measured that is too large: other programs run on the machine, too, and one quiet moment is
// enough. What is wrong is too large each time.
const tries = 5

// beside measures something of nginx and of the server under test, each started anew, and wants the second value to be at
// most the first and slack. It returns the two that were compared last.
func beside[N interface {
	~int64
	fmt.Stringer
}](t *testing.T, set setup, slack N, measure func(s *site) N,
) (nginx, sluice N) {
	t.Helper()
	slack *= harness.Generosity
	for range tries {
		t.Run("nginx", func(t *testing.T) { nginx = measure(start(t, oracle(), set)) })
		t.Run("sluice", func(t *testing.T) { sluice = measure(start(t, tested(), set)) })
		t.Logf("nginx %v, the server under test %v", nginx, sluice)
		if t.Failed() || sluice <= nginx+slack {
			return nginx, sluice
		}
	}
	t.Errorf("nginx %v, the server under test %v: wanted at most %v more", nginx, sluice, slack)
	return nginx, sluice
}

// within measures something of the server under test, started anew each time, and wants it to be at most limit.
func within[N interface {
	~int64
	fmt.Stringer
}](t *testing.T, set setup, limit N, measure func(s *site) N,
) {
	t.Helper()
	limit *= harness.Generosity
	var value N
	for range tries {
		t.Run("sluice", func(t *testing.T) { value = measure(start(t, tested(), set)) })
		t.Logf("%v", value)
		if t.Failed() || value <= limit {
			return
		}
	}
	t.Errorf("%v: wanted at most %v", value, limit)
}
