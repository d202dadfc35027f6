package main

import (
	"os"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/role"
)

// asProgram makes the test binary the program under test.
const asProgram = "SLUICE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" || role.IsWorker() {
		main()
	}
	os.Exit(m.Run())
}
