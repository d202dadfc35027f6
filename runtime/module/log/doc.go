// Package log writes access logs: nginx's ngx_http_log_module.
//
//	log_format timed '$remote_addr "$request" $status $request_time';
//	access_log logs/access.log timed buffer=64k flush=1s if=$loggable;
//	access_log logs/$host.log;
//	open_log_file_cache max=100 inactive=20s valid=1m;
//	access_log syslog:server=127.0.0.1,tag=web timed;
//
// A format is a flat list of operations (package logformat). A line is made
// in a pooled buffer and written in one piece to the log's sink: a file of
// runtime/logfile, which collects lines of several requests for one write,
// a syslog server, or a file whose name has variables.
//
// Not supported: nothing that nginx has.
package log
