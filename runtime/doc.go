// Package runtime is the server as a library: it loads a configuration and
// serves it, and replaces it by another without losing a connection. It stands
// for nginx's core/ngx_cycle.c, and for the directives of ngx_core_module and
// ngx_events_module.
//
//	s, err := runtime.NewServer(runtime.Options{Prefix: "/srv/", ConfPath: "/srv/nginx.conf", Console: os.Stderr})
//	if err != nil {
//		return err // unknown directive "foo" in /srv/nginx.conf:3
//	}
//	if err := s.Start(); err != nil { ... }
//	defer s.Quit()
//
// A program that embeds the server needs nothing else. It gets neither the daemon nor
// the pid file, signals or a worker under another user: those are package role's, which
// is what the command line uses.
//
// # A change of configuration
//
// The start, [Server.Reload] and what a master does with its worker are one and the same
// thing, a [Change]: load, check, open, hand over, then commit or undo. Each step is a
// file: load.go, check.go, open.go (opensockets.go), server.go (Take), commit.go, undo.go. Whatever fails
// ends the change, and the configuration before it goes on untouched. What a
// configuration makes belongs to it, see package resource: it is carried over, or closed
// with it.
//
// # To look at configurations
//
// [Inspect] and [Trace] load a configuration and make, open and listen on nothing;
// [Registry] knows every directive. Packages check, lint and explain are made of them.
package runtime
