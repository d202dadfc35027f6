// Command sluice is a web server and reverse proxy that reads nginx.conf.
//
//	sluice                      # serve; without a configuration, the one that is built in
//	sluice -t -c FILE           # check a configuration
//	sluice -s reload            # stop, quit, reopen, reload
//	sluice explain URL          # say what the configuration does with a request
//	sluice fmt -w FILE ...      # lay out configuration files
//
// The options are nginx's, down to the wording of their errors, so that scripts and service managers written for nginx
// work. What the program does is in the packages under runtime.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/role"
)

func main() {
	if role.IsWorker() {
		os.Exit(role.Worker())
	}
	if len(os.Args) > 1 {
		if run := commands[os.Args[1]]; run != nil {
			os.Exit(run(os.Args[2:]))
		}
	}
	os.Exit(serve(os.Args[1:]))
}

// commands are the words that may stand in place of nginx's options.
var commands = map[string]func(args []string) int{
	"check":   checkFiles,
	"explain": explainRequest,
	"fmt":     formatFiles,
	"lint":    lintFiles,
}

// serve does what nginx does with the arguments and returns the exit code.
func serve(args []string) int {
	o, err := readOptions(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "nginx: %s\n", err)
		return 1
	}
	if o.version {
		showVersion(os.Stderr, o)
		if !o.test {
			return 0
		}
	}
	opts := o.runtime()
	builtIn, err := useBuiltIn(o, &opts)
	if err != nil {
		fmt.Fprintf(os.Stderr, "nginx: [emerg] %s\n", err)
		return 1
	}
	switch {
	case o.test:
		var dump io.Writer
		if o.dump {
			dump = os.Stdout
		}
		return role.Test(opts, o.quiet, dump)
	case o.signal.set:
		return role.Signal(opts, o.signal.text)
	}
	server := role.Options{Options: opts}
	if builtIn {
		server.Foreground = true
		server.Started = func(cfg *runtime.Config) { greet(os.Stdout, opts.Prefix, cfg) }
	}
	return role.Run(server)
}

// readOptions are the command line and, where it says nothing, the layout of the installation.
func readOptions(args []string) (*options, error) {
	o, err := parseOptions(args)
	if err != nil {
		return nil, err
	}
	o.layout, err = installedLayout()
	return o, err
}

// runtime is the command line in the terms of package runtime, with nginx's defaults.
func (o *options) runtime() runtime.Options {
	prefix := o.prefix.or(o.layout.Prefix)
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	path := o.conf.or(o.layout.Conf)
	if !strings.HasPrefix(path, "/") {
		path = prefix + path
	}
	log := o.errorLog.text
	if o.errorLog.set && log == "" {
		log = "stderr"
	}
	return runtime.Options{ConfPath: path, Prefix: prefix, ErrorLog: log, Param: o.param.text, Layout: o.layout, Console: os.Stderr}
}
