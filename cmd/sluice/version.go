package main

import (
	"fmt"
	"io"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// version is the program's own; releases set it with -ldflags "-X main.version=1.2.3".
var version = "0.1.0"

const usage = `Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]
             [-e filename] [-c filename] [-g directives]
       sluice fmt [-w | -check] [file ...]

Options:
  -?,-h         : this help
  -v            : show version and exit
  -V            : show version and configure options then exit
  -t            : test configuration and exit
  -T            : test configuration, dump it and exit
  -q            : suppress non-error messages during configuration testing
  -s signal     : send signal to a master process: stop, quit, reopen, reload
  -p prefix     : set prefix path (default: ` + defaultPrefix + `)
  -e filename   : set error log file (default: ` + runtime.DefaultErrorLog + `)
  -c filename   : set configuration file (default: ` + defaultConf + `)
  -g directives : set global directives out of configuration file

`

// showVersion prints what -v, -V and -h ask for. The line "nginx version" is nginx's own, since scripts look for it;
// it is the only one of -v.
func showVersion(w io.Writer, o *options) {
	if o.help || o.configure {
		fmt.Fprintf(w, "sluice version: %s\n", ownVersion())
	}
	fmt.Fprintf(w, "nginx version: nginx/%s\n", httpd.Compatible)
	if o.help {
		_, _ = io.WriteString(w, usage)
	}
	if o.configure {
		showConfigure(w)
	}
}

// showConfigure prints the rest of -V: what nginx was built with. Go's TLS follows the names and the rules of
// OpenSSL's configuration as of the version stated.
func showConfigure(w io.Writer) {
	args := configureArguments(runtime.Registry())
	if slices.Contains(args, "--with-http_ssl_module") {
		fmt.Fprintf(w, "built with %s, crypto/tls compatible with OpenSSL 3.0\nTLS SNI support enabled\n", goruntime.Version())
	} else {
		fmt.Fprintf(w, "built with %s\n", goruntime.Version())
	}
	fmt.Fprintf(w, "configure arguments: --prefix=%s %s\n", strings.TrimSuffix(defaultPrefix, "/"), strings.Join(args, " "))
}

// ownVersion is the version with the platform and, where the build recorded it, the commit.
func ownVersion() string {
	s := version + " (" + goruntime.GOOS + "/" + goruntime.GOARCH
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, kv := range info.Settings {
			if kv.Key == "vcs.revision" && len(kv.Value) >= 12 {
				s += ", " + kv.Value[:12]
			}
		}
	}
	return s + ")"
}
