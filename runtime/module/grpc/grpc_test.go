package grpc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	server "google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/sluiceproxy/sluice/internal/testcert"
)

// soon is the time that a call has at most.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

const conf = "upstream app { server SERVICE; keepalive 10; } server { client_max_body_size 0; location / { grpc_pass grpc://app; } }"

// client runs the service behind a gateway, and connects to it.
func client(t *testing.T) (*server.ClientConn, *waits, func() string) {
	t.Helper()
	addr, w := startService(t)
	s := gateway(t, strings.ReplaceAll(conf, "SERVICE", addr))
	return dial(t, s), w, s.Log
}

func TestUnary(t *testing.T) {
	cc, _, log := client(t)
	for _, size := range []int{0, 1, 5000, 100000, 3 << 20} {
		var head, tail metadata.MD
		in, out := &bytesOf{Value: bytes.Repeat([]byte("m"), size)}, &bytesOf{}
		ctx := metadata.AppendToOutgoingContext(soon(t), "x-sent", "s")
		if err := cc.Invoke(ctx, "/test.Test/Echo", in, out, server.Header(&head), server.Trailer(&tail)); err != nil {
			t.Fatalf("%v\n%s", err, log())
		}
		if !bytes.Equal(in.Value, out.Value) || first(head["x-head"]) != "h" || first(head["x-got"]) != "s" || first(tail["x-tail"]) != "t" {
			t.Errorf("%d bytes: %d, header %v, trailer %v", size, len(out.Value), head, tail)
		}
	}
}

func TestLargeMessage(t *testing.T) {
	cc, _, log := client(t)
	in, out := &bytesOf{Value: bytes.Repeat([]byte("0123456789abcdef"), 4<<20)}, &bytesOf{}
	if err := cc.Invoke(soon(t), "/test.Test/Echo", in, out); err != nil {
		t.Fatalf("%v\n%s", err, log())
	}
	if !bytes.Equal(in.Value, out.Value) {
		t.Errorf("%d of %d bytes, or others", len(out.Value), len(in.Value))
	}
}

func TestStatus(t *testing.T) {
	cc, _, log := client(t)
	err := cc.Invoke(soon(t), "/test.Test/Echo", &bytesOf{Value: []byte("fail")}, &bytesOf{})
	if s := status.Convert(err); s.Code() != codes.FailedPrecondition || s.Message() != "as asked: 100%" {
		t.Errorf("%v\n%s", err, log())
	}
	err = cc.Invoke(soon(t), "/test.Test/None", &bytesOf{}, &bytesOf{})
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("%v\n%s", err, log())
	}
}

func stream(t *testing.T, ctx context.Context, cc *server.ClientConn, method string) server.ClientStream {
	t.Helper()
	s, err := cc.NewStream(ctx, &server.StreamDesc{ServerStreams: true, ClientStreams: true}, "/test.Test/"+method)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestServerStreaming(t *testing.T) {
	cc, _, log := client(t)
	s := stream(t, soon(t), cc, "Count")
	if err := errors.Join(s.SendMsg(&bytesOf{Value: make([]byte, 300)}), s.CloseSend()); err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		out := &bytesOf{}
		err := s.RecvMsg(out)
		if errors.Is(err, io.EOF) && i == 300 {
			break
		}
		if err != nil || len(out.Value) != i {
			t.Fatalf("message %d: %d bytes, %v\n%s", i, len(out.Value), err, log())
		}
	}
}

func TestClientStreaming(t *testing.T) {
	cc, _, log := client(t)
	s := stream(t, soon(t), cc, "Sum")
	for range 300 {
		if err := s.SendMsg(&bytesOf{Value: make([]byte, 1000)}); err != nil {
			t.Fatal(err)
		}
	}
	out := &bytesOf{}
	if err := errors.Join(s.CloseSend(), s.RecvMsg(out)); err != nil || len(out.Value) != 300000 {
		t.Errorf("%d bytes, %v\n%s", len(out.Value), err, log())
	}
}

// TestBothWays: each message comes back before the next one is sent.
func TestBothWays(t *testing.T) {
	cc, _, log := client(t)
	s := stream(t, soon(t), cc, "Talk")
	for i := range 200 {
		in, out := &bytesOf{Value: bytes.Repeat([]byte("x"), i*i)}, &bytesOf{}
		if err := errors.Join(s.SendMsg(in), s.RecvMsg(out)); err != nil || !bytes.Equal(in.Value, out.Value) {
			t.Fatalf("message %d: %d bytes, %v\n%s", i, len(out.Value), err, log())
		}
	}
	if err := errors.Join(s.CloseSend(), s.RecvMsg(&bytesOf{})); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

// TestCancel: a call that its client gives up ends at the server.
func TestCancel(t *testing.T) {
	cc, w, log := client(t)
	ctx, cancel := context.WithCancel(soon(t))
	s := stream(t, ctx, cc, "Wait")
	if err := s.RecvMsg(&bytesOf{}); err != nil {
		t.Fatalf("%v\n%s", err, log())
	}
	cancel()
	select {
	case err := <-w.ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("it ends with %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("it goes on")
	}
}

func TestReflection(t *testing.T) {
	cc, _, log := client(t)
	s, err := grpc_reflection_v1.NewServerReflectionClient(cc).ServerReflectionInfo(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	ask := &grpc_reflection_v1.ServerReflectionRequest{MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{}}
	if err := s.Send(ask); err != nil {
		t.Fatal(err)
	}
	got, err := s.Recv()
	if err != nil || !strings.Contains(got.String(), "test.Test") {
		t.Errorf("%v, %v\n%s", got, err, log())
	}
	_ = s.CloseSend()
}

// TestTLS: a service with TLS is asked for HTTP/2 in the handshake; gRPC's servers refuse who does not.
func TestTLS(t *testing.T) {
	addr, _ := startService(t, server.Creds(credentials.NewServerTLSFromCert(new(testcert.New(t)))))
	s := gateway(t, strings.ReplaceAll(`upstream app { server SERVICE; keepalive 2; }
		server { location / { grpc_pass grpcs://app; } location /test.Test/Count { grpc_pass $scheme_of; } set $scheme_of grpcs://app; }`, "SERVICE", addr))
	cc := dial(t, s)
	for range 3 {
		if err := cc.Invoke(soon(t), "/test.Test/Echo", &bytesOf{Value: []byte("a")}, &bytesOf{}); err != nil {
			t.Fatalf("%v\n%s", err, s.Log())
		}
	}
	stream := stream(t, soon(t), cc, "Count")
	if err := errors.Join(stream.SendMsg(&bytesOf{Value: make([]byte, 3)}), stream.CloseSend(), stream.RecvMsg(&bytesOf{})); err != nil {
		t.Errorf("an address with variables: %v\n%s", err, s.Log())
	}
}
