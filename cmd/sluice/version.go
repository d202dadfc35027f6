package main

import (
	"fmt"
	"io"
	goruntime "runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/product"
)

// version is the program's own; releases set it with -ldflags "-X main.version=1.2.3".
var version = "0.1.0"

const usageForm = `Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]
             [-e filename] [-c filename] [-g directives]
       sluice check [-json] [-strict] [-c file] [-p prefix] [-g directives] [file]
       sluice lint [-json] [-enable rules] [-disable rules] [-fail-on severity] [-c file ...] [-p prefix] [file ...]
       sluice explain [-json] [-all] [-X method] [-H field ...] [-from address] [-to address] [-c file] [-p prefix]
                      [-g directives] URL
       sluice fmt [-w | -check] [-json] [-r] [file | folder | pattern ...]

Options:
  -?,-h         : this help
  -v            : show version and exit
  -V            : show version and configure options then exit
  -t            : test configuration and exit
  -T            : test configuration, dump it and exit
  -q            : suppress non-error messages during configuration testing
  -s signal     : send signal to a master process: stop, quit, reopen, reload
  -p prefix     : set prefix path (default: %s)
  -e filename   : set error log file (default: %s)
  -c filename   : set configuration file (default: %s)
  -g directives : set global directives out of configuration file

`

// showVersion prints what -v, -V and -h ask for. The line "nginx version" is nginx's own, since scripts look for it;
// it is the only one of -v.
func showVersion(w io.Writer, o *options) {
	if o.help || o.configure {
		fmt.Fprintf(w, "sluice version: %s\n", ownVersion())
	}
	fmt.Fprintf(w, "nginx version: nginx/%s\n", product.Compatible)
	if o.help {
		fmt.Fprintf(w, usageForm, o.layout.Prefix, o.layout.ErrorLog, o.layout.Conf)
	}
	if o.configure {
		showConfigure(w, &o.layout)
	}
}

// showConfigure prints the rest of -V: what this was built by and with, and for which paths. Certbot takes the version of
// OpenSSL to know which directives a server understands. Go's TLS understands those of the version stated, and says that
// it is not OpenSSL the way nginx does with BoringSSL.
func showConfigure(w io.Writer, l *conf.Layout) {
	args := configureArguments(runtime.Registry())
	fmt.Fprintf(w, "built by %s\n", goruntime.Version())
	if slices.Contains(args, "--with-http_ssl_module") {
		fmt.Fprintf(w, "built with OpenSSL 3.0.0 (compatible; crypto/tls of %s)\nTLS SNI support enabled\n", goruntime.Version())
	}
	fmt.Fprintf(w, "configure arguments: %s\n", strings.Join(append(pathArguments(l), args...), " "))
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
