package grpc_test

import (
	"os"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/headers"
)

// shipped is the example of a gRPC service that ships with the program, in use.
func shipped(t *testing.T, addr string) string {
	t.Helper()
	text, err := os.ReadFile("../../../conf.d/grpc.conf")
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(text), "\n#upstream")
	if !ok {
		t.Fatal("the example has no upstream")
	}
	example = "upstream" + strings.ReplaceAll(example, "\n#", "\n")
	for _, replace := range [][2]string{{"127.0.0.1:50051", addr}, {"    listen      8082;\n", ""}, {"    http2       on;\n", ""}} {
		if !strings.Contains(example, replace[0]) {
			t.Fatalf("the example has no %q", replace[0])
		}
		example = strings.Replace(example, replace[0], replace[1], 1)
	}
	return example
}

func TestShippedExample(t *testing.T) {
	addr, _ := startService(t)
	run := func(addr string) error {
		s := httptest.New(t, shipped(t, addr), append(modules(), headers.Module())...)
		return dial(t, s).Invoke(soon(t), "/test.Test/Echo", &bytesOf{Value: []byte("a")}, &bytesOf{})
	}
	if err := run(addr); err != nil {
		t.Error(err)
	}
	if err := run("127.0.0.1:1"); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("without a service: %v", err)
	}
}
