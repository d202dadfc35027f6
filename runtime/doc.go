// Package runtime is the server as a library: it loads a configuration and
// serves it, and replaces it by another without losing a connection. It corresponds
// to nginx's core/ngx_cycle.c, and for the directives of ngx_core_module and
// ngx_events_module.
//
//	s, err := runtime.NewServer(runtime.Options{Prefix: "/srv/", ConfPath: "/srv/nginx.conf", Console: os.Stderr})
//	if err != nil {
//		return err // unknown directive "foo" in /srv/nginx.conf:3
//	}
//	if err := s.Start(); err != nil { ... }
//	defer s.Quit()
//
// A program that embeds the server needs nothing else. The daemon, the pid file, signals and a worker
// under another user are in package role, which the command line uses.
//
// # A change of configuration
//
// The start, [Server.Reload] and the handover from a master to its worker are a
// [Change]: load, check, open, hand over, then commit or undo. Each step is a
// file: load.go, check.go, open.go (opensockets.go), server.go (Take), commit.go, undo.go. A step that
// fails ends the change, and the configuration before it stays current. A resource
// belongs to the configuration that made it, see package resource: it is carried over,
// or closed with the configuration.
//
// # Inspection
//
// [Inspect] and [Trace] load a configuration without making folders or opening files and
// sockets. [Registry] has every directive. Packages check, lint and explain use them.
package runtime
