package runtime

import (
	"io"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// Options say which configuration to run: what stands on the command line.
type Options struct {
	ConfPath string // -c: the main file, with its folder
	Prefix   string // -p: what relative paths of logs and pages follow, with a trailing slash
	ErrorLog string // -e: where to log until error_log says so; "" means that of Layout, "stderr" the console
	Param    string // -g: directives that come before those of the file
	// Layout are the paths that hold where nothing else was said; the zero value means conf.NginxLayout.
	Layout conf.Layout
	// Console receives what nginx prints on stderr: "nginx: [emerg] ...". It is
	// used until the server runs; nil keeps silent.
	Console io.Writer

	// What follows is for a master and its worker; nil stands for the system.

	Inputs  conf.Inputs                           // what files are read through
	OpenLog func(path string) (fd int, err error) // opens a log file, see logfile.Options
	// Follows is set for a worker: certificates come from its master, see Host.Certificates.
	Follows bool
	// Respawned is how many workers have ended abnormally and were replaced.
	Respawned int
}

// layout is Layout, or nginx's own.
func (o *Options) layout() conf.Layout {
	if o.Layout == (conf.Layout{}) {
		return conf.NginxLayout()
	}
	return o.Layout
}

// StartLog is where to log until error_log says so.
func (o *Options) StartLog() string {
	if o.ErrorLog == "" {
		return o.layout().ErrorLog
	}
	return o.ErrorLog
}
