// Package explain reports what a configuration does with a request, and which line of
// which file causes that: `sluice explain`. nginx has no counterpart.
//
//	x, err := explain.Load(runtime.Options{ConfPath: "/etc/nginx/nginx.conf", Prefix: "/etc/nginx/"})
//	report, err := x.Explain(&explain.Question{URL: "http://example.com/app/"})
//	err = report.WriteText(os.Stdout) // or WriteJSON
//
// The request runs through the engine itself: the configuration is loaded with an
// [httpd.Tracer], to which the hooks of modules report, and an [http1.Probe] runs the
// phases of a request up to the header of its response. A hook does the same as when
// it serves.
//
// Nothing is sent, listened on, logged or written: hooks that contact another server
// or change files (auth_request, mirror, dav) are named instead of run, an
// upstream server is assumed to respond with an empty 200, body filters do not
// run. A note is added where the result depends on that.
//
// # Files
//
// question.go reads the question, explain.go runs it, recorder.go, hook.go and
// answer.go turn events into steps, server.go explains why a server and a location
// were chosen, settings.go where values come from, report.go defines the result,
// text.go prints it.
//
// # Not supported
//
// HTTP/2 and HTTP/3, stream and mail. The request has no body. Client
// certificates, and the variables of a handshake other than $ssl_server_name.
package explain
