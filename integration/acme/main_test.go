package acme

import (
	"os"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

var lab *harness.Lab

func TestMain(m *testing.M) {
	// Pebble waits at random, and refuses at random what it has said before.
	_ = os.Setenv("PEBBLE_VA_NOSLEEP", "1")
	os.Exit(harness.RunTests(m, &lab))
}
