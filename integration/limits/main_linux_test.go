package limits

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// lab has the two programs, certificates and ports; TestMain makes it.
var lab *harness.Lab

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if lab, err = harness.NewLab(context.Background()); err != nil {
		fmt.Fprintf(os.Stderr, "limits: %v\n", err)
		return 1
	}
	code := m.Run()
	if err := lab.Close(); err != nil {
		fmt.Fprintf(os.Stderr, "limits: %v\n", err)
		return 1
	}
	return code
}

// tested and oracle are the two programs: Sluice and nginx.
func tested() string { return lab.Tested }
func oracle() string { return lab.Oracle }
