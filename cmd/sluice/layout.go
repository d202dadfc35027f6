package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// layoutName says where the program's files are, nginx or debian; a package sets it with -ldflags "-X main.layoutName=debian".
var layoutName = "nginx"

// layoutEnv names the environment variable that takes the place of layoutName.
const layoutEnv = "SLUICE_LAYOUT"

// installedLayout is the layout that holds for this process.
func installedLayout() (conf.Layout, error) {
	if name := os.Getenv(layoutEnv); name != "" {
		if l, ok := conf.LayoutNamed(name); ok {
			return l, nil
		}
		return conf.Layout{}, fmt.Errorf(`invalid layout "%s" in the environment variable %s, it must be "nginx" or "debian"`, name, layoutEnv)
	}
	if l, ok := conf.LayoutNamed(layoutName); ok {
		return l, nil
	}
	return conf.Layout{}, fmt.Errorf(`this program was built for an unknown layout "%s"`, layoutName)
}

// pathArguments are the paths of l in the words of nginx's configure script. Tools that look for the configuration or the
// logs of a server read them.
func pathArguments(l *conf.Layout) []string {
	full := func(path string) string {
		if strings.HasPrefix(path, "/") {
			return path
		}
		return l.Prefix + path
	}
	return []string{
		"--prefix=" + strings.TrimSuffix(l.Prefix, "/"),
		"--conf-path=" + full(l.Conf),
		"--error-log-path=" + full(l.ErrorLog),
		"--http-log-path=" + full(l.AccessLog),
		"--pid-path=" + full(l.PID),
		"--lock-path=" + full(l.Lock),
		"--modules-path=" + full(l.Modules),
		"--http-client-body-temp-path=" + full(l.ClientBodyTemp),
		"--http-proxy-temp-path=" + full(l.ProxyTemp),
		"--http-fastcgi-temp-path=" + full(l.FastCGITemp),
		"--http-uwsgi-temp-path=" + full(l.UwsgiTemp),
		"--http-scgi-temp-path=" + full(l.ScgiTemp),
	}
}
