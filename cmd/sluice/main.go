// Command sluice is a web server and reverse proxy that reads nginx.conf.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime"
)

func main() {
	o, err := parseOptions(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "nginx: %s\n", err)
		os.Exit(1)
	}
	if o.version {
		showVersion(os.Stderr, o)
		if !o.test {
			return
		}
	}
	prefix := o.prefix.or(defaultPrefix)
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	path := o.conf.or(defaultConf)
	if !strings.HasPrefix(path, "/") {
		path = prefix + path
	}
	s, err := runtime.NewServer(runtime.Options{ConfPath: path, Prefix: prefix, Param: o.param.text, ErrorLog: o.errorLog.text})
	if err != nil {
		fmt.Fprintf(os.Stderr, "nginx: [emerg] %s\n", err)
		os.Exit(1)
	}
	if o.test {
		return
	}
	if err := s.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "nginx: [emerg] %s\n", err)
		os.Exit(1)
	}
	if pid := s.Config().Main.PID; pid != "" {
		_ = os.WriteFile(pid, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644)
		defer os.Remove(pid)
	}
	ch := make(chan os.Signal, 8)
	signal.Notify(ch, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1)
	for sig := range ch {
		switch sig {
		case syscall.SIGHUP:
			_ = s.Reload()
		case syscall.SIGUSR1:
			s.Reopen()
		case syscall.SIGQUIT:
			s.Quit()
			return
		default:
			s.Stop()
			return
		}
	}
}
