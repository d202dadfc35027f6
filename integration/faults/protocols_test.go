package faults

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// A protocol is what a proxy and its peer speak.
type protocol struct {
	name string
	// since is the version of nginx that brought it, empty for any.
	since string
	// prefix is that of the directives, pass what follows it to the name of the peer.
	prefix, pass string
	// shared and kept are directives of all locations, and of those that keep connections.
	shared, kept string
	modes        []string
	// secure says that it is spoken over TLS.
	secure bool
	rows   [][]row
	read   func(in *bufio.Reader) (method, path string, leaves bool, err error)
	// head is that of a response of 200, frame what a part of a response is wrapped in, end the end of a response.
	head  func(fields ...string) string
	frame func(text string) string
	end   string
}

var (
	allModes = []string{"plain", "off", "next", "cache", "keep"}
	// Connections of uwsgi and SCGI end with the response; memcached's values are neither buffered nor cached.
	cgiModes       = []string{"plain", "off", "next", "cache"}
	grpcModes      = []string{"plain", "next"} // nothing is buffered
	memcachedModes = []string{"plain", "next", "keep"}
)

var protocols = []*protocol{
	{
		name: "http", prefix: "proxy", pass: "http://",
		shared: "proxy_http_version 1.1; proxy_set_header Connection close;",
		kept:   `proxy_set_header Connection "";`,
		modes:  allModes, rows: [][]row{connectionRows, bodyRows, fieldRows, httpRows},
		read: readHTTP, head: httpHead, frame: asItIs,
	},
	{
		name: "https", prefix: "proxy", pass: "https://", secure: true,
		shared: "proxy_http_version 1.1; proxy_set_header Connection close; proxy_ssl_session_reuse off;",
		kept:   `proxy_set_header Connection "";`,
		modes:  allModes, rows: [][]row{connectionRows, bodyRows, secureRows},
		read: readHTTP, head: httpHead, frame: asItIs,
	},
	{
		name: "h2", since: "1.31.5", prefix: "proxy", pass: "http://", shared: "proxy_http_version 2; proxy_pass_trailers on;",
		modes: cgiModes, rows: [][]row{connectionRows, bodyRows, h2Rows},
		read: readH2, head: h2Head, frame: h2Frames, end: h2End,
	},
	{
		name: "grpc", since: "1.31.5", prefix: "grpc", pass: "grpc://",
		modes: grpcModes, rows: [][]row{connectionRows, bodyRows, h2Rows},
		read: readH2, head: h2Head, frame: h2Frames, end: h2End,
	},
	{
		name: "fastcgi", prefix: "fastcgi",
		shared: "fastcgi_param SCRIPT_NAME $uri; fastcgi_param REQUEST_METHOD $request_method;",
		kept:   "fastcgi_keep_conn on;",
		modes:  allModes, rows: [][]row{connectionRows, bodyRows, fieldRows, cgiRows, fastcgiRows},
		read:  readFastCGI,
		head:  cgiHead,
		frame: stdoutRecords,
		end:   harness.FastCGIRecord(stdout, "") + harness.FastCGIRecord(endRequest, strings.Repeat("\x00", 8)),
	},
	{
		name: "uwsgi", prefix: "uwsgi", shared: "uwsgi_param REQUEST_URI $uri;",
		modes: cgiModes, rows: [][]row{connectionRows, bodyRows, fieldRows, cgiRows},
		read: gateway(harness.ReadUWSGI), head: cgiHead, frame: asItIs,
	},
	{
		name: "scgi", prefix: "scgi", shared: "scgi_param REQUEST_URI $uri;",
		modes: cgiModes, rows: [][]row{connectionRows, bodyRows, fieldRows, cgiRows},
		read: gateway(harness.ReadSCGI), head: cgiHead, frame: asItIs,
	},
	{
		name: "memcached", prefix: "memcached", shared: "set $memcached_key $uri;",
		modes: memcachedModes, rows: [][]row{connectionRows, bodyRows, memcachedRows},
		read: gateway(harness.ReadMemcached), frame: asItIs, end: "\r\nEND\r\n",
	},
}

// stdoutRecords are records of standard output.
func stdoutRecords(text string) string {
	const most = 32 << 10
	var b strings.Builder
	for len(text) > 0 {
		n := min(most, len(text))
		b.WriteString(harness.FastCGIRecord(stdout, text[:n]))
		text = text[n:]
	}
	return b.String()
}

func asItIs(text string) string { return text }

func httpHead(fields ...string) string {
	return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + lines(fields) + "\r\n"
}

func cgiHead(fields ...string) string { return "Content-Type: text/plain\r\n" + lines(fields) + "\r\n" }

func lines(fields []string) string {
	if len(fields) == 0 {
		return ""
	}
	return strings.Join(fields, "\r\n") + "\r\n"
}

// readHTTP reads the head of a request; no row has a body in it.
func readHTTP(in *bufio.Reader) (method, path string, leaves bool, err error) {
	for first := true; ; first = false {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", "", false, err
		}
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
			return method, path, false, nil
		case first && len(f) < 2:
			return "", "", false, errors.New("no request line")
		case first:
			method, path = f[0], f[1]
		}
	}
}

func readFastCGI(in *bufio.Reader) (method, path string, leaves bool, err error) {
	q, err := harness.ReadFastCGI(in)
	if err != nil {
		return "", "", false, err
	}
	return q.Param("REQUEST_METHOD"), q.Param("SCRIPT_NAME"), !q.Keep, nil
}

func gateway(read func(io.Reader) (*harness.GatewayRequest, error)) func(in *bufio.Reader) (string, string, bool, error) {
	return func(in *bufio.Reader) (string, string, bool, error) {
		q, err := read(in)
		if err != nil {
			return "", "", false, err
		}
		return "", q.Path, false, nil
	}
}
