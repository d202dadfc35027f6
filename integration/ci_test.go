package integration

import (
	"os/exec"
	"strings"
	"testing"
)

// TestFailuresAreNamed runs what .ci/run reads a failed step's output with: the tests that failed are named with what they
// printed, whatever bytes the others printed before.
func TestFailuresAreNamed(t *testing.T) {
	const printed = "=== RUN   TestGood\n    good_test.go:1: \x00\xff is fine\n--- PASS: TestGood (0.10s)\n" +
		"=== RUN   TestBad\n=== RUN   TestBad/x\n=== PAUSE TestBad/x\n=== CONT  TestBad/x\n    bad_test.go:2: got \x00\xff\n" +
		"=== NAME  TestBad\n    bad_test.go:3: the parent's\n--- FAIL: TestBad (0.20s)\n    --- FAIL: TestBad/x (0.10s)\nFAIL\n" +
		"FAIL\tsluice/bad\t0.3s\n" +
		"=== RUN   TestEnds\npanic: runtime error\n\ngoroutine 1 [running]:\nFAIL\tsluice/ends\t0.1s\n" +
		"ok  \tsluice/good\t0.1s\n# sluice/broken\nbroken.go:1:1: syntax error\nFAIL\tsluice/broken [build failed]\nFAIL\n" +
		"make: *** [Makefile:49: test] Error 1\n"
	const want = "--- FAIL: TestBad (0.20s)\n    bad_test.go:3: the parent's\n    --- FAIL: TestBad/x (0.10s)\n    bad_test.go:2: got \xff\n" +
		"FAIL\tsluice/bad\t0.3s\n" +
		"--- NOT ENDED: TestEnds\npanic: runtime error\n\ngoroutine 1 [running]:\nFAIL\tsluice/ends\t0.1s\n" +
		"FAIL\tsluice/broken [build failed]\n" +
		"# sluice/broken\nbroken.go:1:1: syntax error\nmake: *** [Makefile:49: test] Error 1\n"

	filter := exec.Command("sh", "-c", `tr -d '\000' | LC_ALL=C awk -f ../.ci/failures.awk`)
	filter.Stdin = strings.NewReader(printed)
	got, err := filter.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
