package grpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	server "google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/module/grpc"
	"github.com/sluiceproxy/sluice/runtime/module/rewrite"
)

// bytesOf is the message of all methods.
type bytesOf = wrapperspb.BytesValue

// service has a method of each kind.
var service = server.ServiceDesc{
	ServiceName: "test.Test", HandlerType: (*any)(nil),
	Methods: []server.MethodDesc{
		{MethodName: "Echo", Handler: func(_ any, ctx context.Context, dec func(any) error, _ server.UnaryServerInterceptor) (any, error) {
			in := &bytesOf{}
			if err := dec(in); err != nil {
				return nil, err
			}
			md, _ := metadata.FromIncomingContext(ctx)
			_ = server.SetHeader(ctx, metadata.Pairs("x-head", "h", "x-got", first(md["x-sent"])))
			_ = server.SetTrailer(ctx, metadata.Pairs("x-tail", "t"))
			if string(in.Value) == "fail" {
				return nil, status.Error(codes.FailedPrecondition, "as asked: 100%")
			}
			return in, nil
		}},
	},
	Streams: []server.StreamDesc{
		{StreamName: "Count", ServerStreams: true, Handler: func(_ any, s server.ServerStream) error {
			in := &bytesOf{}
			if err := s.RecvMsg(in); err != nil {
				return err
			}
			for i := range len(in.Value) {
				if err := s.SendMsg(&bytesOf{Value: in.Value[:i]}); err != nil {
					return err
				}
			}
			return nil
		}},
		{StreamName: "Sum", ClientStreams: true, Handler: func(_ any, s server.ServerStream) error {
			sum := &bytesOf{}
			for {
				in := &bytesOf{}
				err := s.RecvMsg(in)
				if errors.Is(err, io.EOF) {
					return s.SendMsg(sum)
				}
				if err != nil {
					return err
				}
				sum.Value = append(sum.Value, in.Value...)
			}
		}},
		{StreamName: "Talk", ServerStreams: true, ClientStreams: true, Handler: func(_ any, s server.ServerStream) error {
			for {
				in := &bytesOf{}
				if err := s.RecvMsg(in); err != nil {
					return s.Context().Err()
				}
				if err := s.SendMsg(in); err != nil {
					return err
				}
			}
		}},
		{StreamName: "Wait", ServerStreams: true, ClientStreams: true, Handler: func(srv any, s server.ServerStream) error {
			_ = s.SendMsg(&bytesOf{})
			<-s.Context().Done()
			srv.(*waits).ended <- s.Context().Err()
			return nil
		}},
	},
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// waits is what the method Wait tells.
type waits struct{ ended chan error }

const largest = 80 << 20

// startService runs the service; its address is returned.
func startService(t testing.TB, opts ...server.ServerOption) (addr string, w *waits) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w = &waits{ended: make(chan error, 10)}
	s := server.NewServer(append(opts, server.MaxRecvMsgSize(largest), server.MaxSendMsgSize(largest))...)
	s.RegisterService(&service, w)
	reflection.Register(s)
	var running sync.WaitGroup
	running.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() {
		s.Stop()
		running.Wait()
	})
	return l.Addr().String(), w
}

// gateway runs a configuration, in which SERVICE stands for addr.
func gateway(t testing.TB, conf string) *httptest.Server {
	t.Helper()
	return httptest.New(t, conf, modules()...)
}

func modules() []httpd.Module {
	return []httpd.Module{pass.Module(), rewrite.Module(), grpc.Module()}
}

// dial connects a gRPC client to a server. A client of gRPC speaks HTTP/2 alone: a bridge takes that, and asks the server with
// HTTP/1.1, both ways at the same time.
func dial(t testing.TB, s *httptest.Server) *server.ClientConn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bridge{transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return s.Dial(), nil },
	}}
	front := &http.Server{Handler: b, Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute}
	front.Protocols.SetUnencryptedHTTP2(true)
	var running sync.WaitGroup
	running.Go(func() { _ = front.Serve(l) })
	cc, err := server.NewClient(l.Addr().String(), server.WithTransportCredentials(insecure.NewCredentials()),
		server.WithDefaultCallOptions(server.MaxCallRecvMsgSize(largest), server.MaxCallSendMsgSize(largest)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cc.Close()
		_ = front.Close()
		running.Wait()
		b.transport.CloseIdleConnections()
	})
	return cc
}

// bridge passes requests of HTTP/2 on with HTTP/1.1.
type bridge struct{ transport *http.Transport }

// ServeHTTP implements http.Handler.
func (b *bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, "http://gateway"+r.URL.RequestURI(), r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out.Header, out.ContentLength = r.Header.Clone(), -1
	resp, err := b.transport.RoundTrip(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	if resp.ContentLength == 0 { // the status is in the header, which ends the stream
		return
	}
	flush := http.NewResponseController(w)
	_ = flush.Flush()
	piece := make([]byte, 64<<10)
	for {
		n, err := resp.Body.Read(piece)
		if n > 0 {
			_, _ = w.Write(piece[:n])
			_ = flush.Flush()
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				panic(http.ErrAbortHandler)
			}
			break
		}
	}
	for name, values := range resp.Trailer {
		w.Header()[http.TrailerPrefix+name] = values
	}
}
