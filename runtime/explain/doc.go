// Package explain says what a configuration does with a request, and which line
// of which file makes it so: `sluice explain`. nginx has nothing like it; one
// reads its debug log, or its source.
//
//	x, err := explain.Load(runtime.Options{ConfPath: "/etc/nginx/nginx.conf", Prefix: "/etc/nginx/"})
//	report, err := x.Explain(&explain.Question{URL: "http://example.com/app/"})
//	err = report.WriteText(os.Stdout) // or WriteJSON
//
// The request runs through the server itself, not through a model of it: the
// configuration is loaded with an [httpd.Tracer], so that modules' hooks report
// to it, and an [http1.Probe] takes the way of every request from its header to the
// header of its answer. What a hook does is what it does when it serves.
//
// Nothing is sent, listened on, logged or written: hooks that contact another server
// or change files (auth_request, mirror, dav) are named instead of run, an
// upstream server is taken to answer with an empty 200, body filters do not
// run. Where an answer depends on that, a note says so.
//
// # Files
//
// question.go reads the question, explain.go runs it, recorder.go, hook.go and
// answer.go turn events into steps, server.go tells why a server and a location
// were chosen, settings.go where values come from, report.go is the form of the
// result, text.go prints it.
//
// # Not supported
//
// HTTP/2 and HTTP/3, stream and mail. The request has no body. Client
// certificates, and the variables of a handshake other than $ssl_server_name.
package explain
