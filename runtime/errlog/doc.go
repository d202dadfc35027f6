// Package errlog is nginx's error log: levels, the chain of logs that several
// error_log directives build, and the record line that nginx prints. It corresponds
// to nginx's core/ngx_log.c.
//
// An encoder makes the text of a record: the default prints nginx's line byte for byte,
// "error_log path level json" (an extension, see docs/logs.md) prints a zerolog event
// with typed fields. A line keeps the exact bytes of the message; the event is JSON and
// replaces invalid UTF-8.
//
//	log := errlog.New(errlog.Config{Outputs: []errlog.Output{out}})
//	log.Log(errlog.Error, 3, syscall.ENOENT, request, "open() \"%s\" failed", path)
//	// 2026/11/22 14:35:55 [error] 12#12: *3 open() "/x" failed (2: No such file or directory), client: ...
//
// A Logger is immutable and safe for concurrent use; a reload builds another one.
//
// Not supported: the thread id of the record is the process id, as nginx prints on
// Linux for its main thread (goroutines have no stable thread).
package errlog
