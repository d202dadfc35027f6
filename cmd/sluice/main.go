// Command sluice is a web server and reverse proxy that reads nginx.conf.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime"
)

func main() {
	prefix := flag.String("p", "/usr/local/nginx/", "prefix")
	conf := flag.String("c", "conf/nginx.conf", "configuration file")
	param := flag.String("g", "", "global directives")
	elog := flag.String("e", "", "error log")
	test := flag.Bool("t", false, "test")
	flag.Parse()
	abs, _ := filepath.Abs(*prefix)
	abs = strings.TrimSuffix(abs, "/") + "/"
	path := *conf
	if !filepath.IsAbs(path) {
		path = abs + path
	}
	s, err := runtime.NewServer(runtime.Options{ConfPath: path, Prefix: abs, Param: *param, ErrorLog: *elog})
	if err != nil {
		fmt.Fprintf(os.Stderr, "nginx: [emerg] %s\n", err)
		os.Exit(1)
	}
	if *test {
		return
	}
	if err := s.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "nginx: [emerg] %s\n", err)
		os.Exit(1)
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
