// Package runtime is the server as a library: Load a configuration, Start,
// Reload, Quit. The command in cmd/sluice adds the command line, signals and
// the pid file; everything nginx.conf can say is handled from here down.
package runtime
