package runtime

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/logfile"
	"github.com/sluiceproxy/sluice/runtime/module"
)

// registered is what registering everything with a loader leaves to be used.
type registered struct {
	main *conf.Section[MainConf]
	http *httpd.Builder
}

// register adds every directive of this program to l. Those of nginx that no
// module handles are added as hints or as unsupported.
func register(l *conf.Loader, env httpd.Env) registered {
	main := registerMain(l, env.OpenLog)
	b := httpd.NewBuilder(l, env)
	b.Modules(module.HTTP())
	refuse(l)
	l.Complete()
	return registered{main: main, http: b}
}

// Registry returns a loader that knows every directive and has read nothing:
// what this build supports, for the documentation and for -V.
func Registry() *conf.Loader {
	l := conf.NewLoader("nginx.conf", "")
	files := logfile.NewSet(logfile.Options{})
	register(l, httpd.Env{
		OpenLog: func(c *conf.Cmd) (errlog.Output, error) {
			return errlog.Parse(files, c.Values(), c.Loader.Inputs.LookupHost, nil)
		},
		Stats: &httpd.Stats{},
	})
	return l
}
