// Package logfile holds the destinations of access_log and error_log: files opened
// for appending, shared by everything that logs to the same path, and syslog. It
// corresponds to nginx's cycle->open_files, the buffering of ngx_http_log_module and
// core/ngx_syslog.c.
//
// A Set belongs to one configuration. Directives register paths in it while the
// configuration is read; Open then opens all of them or fails as a whole. A path
// that the previous configuration had is the same File in the new one, so lines of
// old and new connections never mix within a line, and it is opened anew as nginx
// does at a reload.
//
//	set := logfile.NewSet(logfile.Options{Prefix: "/etc/nginx", Previous: old, Report: report})
//	f := set.File("logs/access.log")
//	if err := set.Open(); err != nil { ... } // open() "..." failed (13: Permission denied)
//	f.Write(line)
//	set.Reopen(-1) // USR1
//
// # Group commit
//
// A File without buffer= writes every line at once, yet many lines share one
// write(2): the goroutine that adds the first line to the empty buffer lets the other
// runnable goroutines run first and then writes all lines that were added meanwhile.
// During a write, lines are collected for the next one. There is no timer, no extra
// goroutine and no waiting for a full buffer; without concurrent lines the goroutine
// that logs writes at once.
//
// Not supported: log paths with variables, which are opened per line; the module of
// access_log handles them.
package logfile
