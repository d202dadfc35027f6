package runtime_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines that outlive their server. The gate of the process
// stays.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/sluiceproxy/sluice/runtime/netio.(*gate).run"))
}
