// Package httptest runs an http configuration inside a test: the kernel and
// the modules at hand, over a unix socket, without the rest of the program.
//
//	s := httptest.New(t, `server { location / { return 200 "ok"; } }`, rewrite.Module())
//	resp := s.Get("/") // resp.Status, resp.Header, resp.Body
//	n := s.Allocs(t, "/")
//
// Bubble runs one in memory, where time is fake.
//
// Every server listens at the socket, one that is written `server ssl {` with
// TLS. The kernel's module is always there; the
// others are given in the order in which they are to run.
package httptest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/acme"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/front"
	"github.com/sluiceproxy/sluice/runtime/front/fronttest"
	"github.com/sluiceproxy/sluice/runtime/http1"
	"github.com/sluiceproxy/sluice/runtime/http2"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/inputs"
	"github.com/sluiceproxy/sluice/runtime/logfile"
	"github.com/sluiceproxy/sluice/runtime/module/core"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/resource"
)

// Server is a running configuration. It ends with its test.
type Server struct {
	// Dir is the folder of the configuration and its prefix.
	Dir string
	// Certificates are what acme_certificate serves.
	Certificates *acme.Table

	t      testing.TB
	socket string
	log    lines
	in     *front.Instance
	stats  *httpd.Stats
	memory *fronttest.Network // of a server that Bubble made

	engine *httpd.Engine
}

// Load reads the contents of an http block. `listen` directives are added to
// its servers. The warnings are nginx's, up to the first error.
func Load(t testing.TB, text string, modules ...httpd.Module) (warnings []string, err error) {
	s := &Server{t: t, Dir: tempDir(t), stats: &httpd.Stats{}}
	_, warnings, err = s.load(text, modules)
	return warnings, err
}

// New runs the contents of an http block.
func New(t testing.TB, text string, modules ...httpd.Module) *Server {
	t.Helper()
	s := &Server{t: t, Dir: tempDir(t), stats: &httpd.Stats{}}
	cfg, _, err := s.load(text, modules)
	if err != nil {
		t.Fatal(err)
	}
	in, err := front.NewInstance(&s.stats.Stats)
	if err != nil {
		t.Fatal(err)
	}
	bound := s.bind(in, cfg)
	opened, err := in.Open(bound, nil, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	in.Use(bound, opened)
	t.Cleanup(in.Quit)
	return s
}

// bind makes cfg ready to be used by in, which is s's from then on.
func (s *Server) bind(in *front.Instance, cfg *httpd.Config) front.Config {
	s.t.Helper()
	s.in = in
	in.SetLog(s.logger())
	if err := cfg.Start(); err != nil {
		s.t.Fatal(err)
	}
	if s.engine == nil {
		s.engine = httpd.NewEngine(s.stats, http1.Serve, http2.Serve)
	}
	return s.engine.Bind(cfg)
}

// Terminate ends the server as TERM does.
func (s *Server) Terminate() { s.in.Terminate() }

// tempDir is t.TempDir with a short path, as unix sockets want it.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ht") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (s *Server) load(text string, modules []httpd.Module) (*httpd.Config, []string, error) {
	s.socket = filepath.Join(s.Dir, "s")
	if s.Certificates == nil {
		s.Certificates = acme.NewTable()
	}
	text = strings.ReplaceAll(text, "server {", "server { listen unix:"+s.socket+";")
	text = strings.ReplaceAll(text, "server ssl {", "server { listen unix:"+s.socket+" ssl;")
	path := filepath.Join(s.Dir, "nginx.conf")
	if err := os.WriteFile(path, []byte("http {\n"+text+"\n}\n"), 0o600); err != nil {
		return nil, nil, err
	}
	l := conf.NewLoader(path, s.Dir+"/")
	l.Inputs = inputs.System{}
	resources := resource.NewSet(nil)
	s.t.Cleanup(resources.Close)
	b := httpd.NewBuilder(l, httpd.Env{
		Resources: resources,
		OpenLog:   func(*conf.Cmd) (errlog.Output, error) { return s.output(), nil },
		Log:       s.logger(),
		Logger:    func(outputs []errlog.Output) *errlog.Logger { return errlog.New(errlog.Config{Outputs: outputs}) },
		LogFiles:  logfile.NewSet(logfile.Options{Prefix: s.Dir}),
		Files:     openfile.NewCache(0),
		Stats:     s.stats,
		Hostname:  "localhost",

		Certificates: s.Certificates,
	})
	kernel := []httpd.Module{core.Module(), httpd.CopyFilter()}
	b.Modules(append(kernel, modules...))
	var cfg *httpd.Config
	l.AtEnd(func() (err error) {
		cfg, err = b.Build()
		return err
	})
	err := l.Load("")
	return cfg, l.Warnings(), err
}

// Response is an answer as it came.
type Response struct {
	Status int
	Header textproto.MIMEHeader
	Body   string
}

// Get requests a target with HTTP/1.1. Fields are "Name: value".
func (s *Server) Get(target string, fields ...string) Response {
	s.t.Helper()
	head := append([]string{"GET " + target + " HTTP/1.1", "Connection: close"}, fields...)
	if !strings.Contains(strings.Join(fields, "\n"), "Host:") {
		head = append(head, "Host: localhost")
	}
	return s.Do(strings.Join(head, "\r\n") + "\r\n\r\n")
}

// Do sends raw bytes on a connection of their own and reads the first response
// up to the end of the connection.
func (s *Server) Do(raw string) (resp Response) {
	s.t.Helper()
	c := s.Dial()
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, raw); err != nil {
		s.t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil {
		s.t.Fatal(err)
	}
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader(all)))
	line, err := r.ReadLine()
	if err != nil {
		return resp // closed without a response
	}
	if _, err := fmt.Sscanf(line, "HTTP/1.1 %d", &resp.Status); err != nil {
		s.t.Fatalf("status line %q: %v", line, err)
	}
	if resp.Header, err = r.ReadMIMEHeader(); err != nil {
		s.t.Fatal(err)
	}
	body, err := io.ReadAll(r.R)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body = string(body)
	return resp
}

// Dial opens a connection; the caller closes it.
func (s *Server) Dial() net.Conn {
	s.t.Helper()
	if s.memory != nil {
		return s.Client()
	}
	c, err := net.Dial("unix", s.socket)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// Log returns what the error log received so far, one record per line.
func (s *Server) Log() string {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.b.String()
}

// Allocs returns the heap allocations of one request on a warm keep-alive
// connection, those of all goroutines together. The response must be small.
func (s *Server) Allocs(t testing.TB, target string, fields ...string) float64 {
	t.Helper()
	c := s.Dial()
	defer func() { _ = c.Close() }()
	head := append([]string{"GET " + target + " HTTP/1.1", "Host: localhost"}, fields...)
	request := []byte(strings.Join(head, "\r\n") + "\r\n\r\n")
	answer := make([]byte, 64<<10)
	exchange := func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(answer); err != nil {
			t.Fatal(err)
		}
	}
	for range 64 { // pools fill, goroutines grow their stacks
		exchange()
	}
	return testing.AllocsPerRun(200, exchange)
}

// output is the error log: everything from info up, kept in memory.
func (s *Server) output() errlog.Output {
	return errlog.Output{Sink: &s.log, Threshold: errlog.Threshold{Level: errlog.Info}, File: true}
}

func (s *Server) logger() *errlog.Logger {
	return errlog.New(errlog.Config{Outputs: []errlog.Output{s.output()}})
}

// lines keeps records.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

// WriteRecord implements errlog.Sink.
func (l *lines) WriteRecord(_ errlog.Level, rec []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Write(rec)
}
