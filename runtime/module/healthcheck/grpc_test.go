package healthcheck_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	rpc "google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/grpc"
)

// healthServer runs a gRPC server; with h, it says how it is.
func healthServer(t *testing.T, h *health.Server) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := rpc.NewServer()
	if h != nil {
		grpc_health_v1.RegisterHealthServer(s, h)
	}
	var running sync.WaitGroup
	running.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() {
		s.Stop()
		running.Wait()
	})
	return l.Addr().String()
}

// TestGRPC: a server is asked by gRPC's health checking protocol, for a service or for itself, on one connection or on several.
func TestGRPC(t *testing.T) {
	for _, service := range []string{"", "some.Service"} {
		for _, keep := range []string{"", "keepalive_time=1h "} {
			h := health.NewServer()
			h.SetServingStatus(service, grpc_health_v1.HealthCheckResponse_NOT_SERVING)
			check := "health_check interval=20ms " + keep + "type=grpc"
			if service != "" {
				check += " grpc_service=" + service
			}
			s := httptest.New(t, fmt.Sprintf("upstream u { zone z 64k; server %s; } server { location / { grpc_pass u; %s; } }",
				healthServer(t, h), check), append(modules(), grpc.Module())...)
			until(t, "it is unhealthy", func() bool { return strings.Contains(s.Log(), "peer is unhealthy while checking") })
			if !strings.Contains(s.Log(), "the service is not serving") {
				t.Error(s.Log())
			}
			h.SetServingStatus(service, grpc_health_v1.HealthCheckResponse_SERVING)
			until(t, "it is healthy", func() bool { return strings.Contains(s.Log(), "peer is healthy") })
			h.SetServingStatus(service, grpc_health_v1.HealthCheckResponse_SERVICE_UNKNOWN)
			until(t, "it is unhealthy again", func() bool { return strings.Count(s.Log(), "peer is unhealthy") == 2 })
		}
	}
}

// TestGRPCStatus: a server without the protocol is well if it says so as the directive does.
func TestGRPCStatus(t *testing.T) {
	addr := healthServer(t, nil)
	for check, want := range map[string]string{"grpc_status=12": "peer is healthy", "grpc_status=5": "unexpected grpc-status 12", "": "unexpected grpc-status 12"} {
		s := httptest.New(t, "upstream u { zone z 64k; server "+addr+"; } server { location / { grpc_pass u; health_check mandatory interval=20ms type=grpc "+check+"; } }",
			append(modules(), grpc.Module())...)
		until(t, check+": "+want, func() bool { return strings.Contains(s.Log(), want) })
	}
}

func TestGRPCLoad(t *testing.T) {
	for text, want := range map[string]string{
		"health_check mandatory interval=1s type=grpc grpc_service=a.B grpc_status=12;": "",
		"health_check;":                         "",
		"health_check type=grpc interval=1s;":   `invalid parameter "interval=1s"`,
		"health_check uri=/a type=grpc;":        `invalid parameter "type=grpc"`,
		"health_check match=m type=grpc;":       `invalid parameter "type=grpc"`,
		"health_check type=grpc match=m;":       `invalid parameter "match=m"`,
		"health_check grpc_service=a;":          `invalid parameter "grpc_service=a"`,
		"health_check type=grpc grpc_status=0;": `invalid parameter "grpc_status=0"`,
		"health_check type=grpc grpc_service=;": `invalid parameter "grpc_service="`,
	} {
		_, err := httptest.Load(t, "upstream u { zone z 64k; server 127.0.0.1:1; } server { location / { grpc_pass u; "+text+" } }",
			append(modules(), grpc.Module())...)
		if got := fmt.Sprint(err); want == "" && err != nil || want != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
