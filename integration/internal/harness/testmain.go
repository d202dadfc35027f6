package harness

import (
	"context"
	"flag"
	"fmt"
	"os"
)

// RunTests makes the Lab that all tests of a package run in, runs them and closes it. It is for TestMain, m is its
// argument; the result is the exit status.
func RunTests(m interface{ Run() int }, lab **Lab) int {
	flag.Parse()
	l, err := NewLab(context.Background())
	if err != nil {
		fmt.Fprintf(os.Stderr, "harness: %v\n", err)
		return 1
	}
	*lab = l
	code := m.Run()
	if err := l.Close(); err != nil {
		fmt.Fprintf(os.Stderr, "harness: %v\n", err)
		return 1
	}
	return code
}
