package limits

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// lab has the two programs, certificates and ports; TestMain makes it.
var lab *harness.Lab

func TestMain(m *testing.M) { os.Exit(run(m)) }

// atOnce is how many of the tests run at once that let others run beside them, with -test.parallel unset: they wait for
// timeouts most of the time, so there are more of them than processors.
const atOnce = 8

// parallel sets what is the number of processors otherwise.
func parallel() error {
	flag.Parse()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == "test.parallel" })
	if set {
		return nil
	}
	return flag.Set("test.parallel", strconv.Itoa(max(atOnce, runtime.GOMAXPROCS(0))))
}

func run(m *testing.M) int {
	if err := parallel(); err != nil {
		fmt.Fprintf(os.Stderr, "limits: %v\n", err)
		return 1
	}
	return harness.RunTests(m, &lab)
}

// tested and oracle are the two programs: Sluice and nginx.
func tested() string { return lab.Tested }
func oracle() string { return lab.Oracle }
