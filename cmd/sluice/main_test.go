package main

import (
	"os"
	"testing"
)

// asProgram makes the test binary the program under test.
const asProgram = "SLUICE_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}
