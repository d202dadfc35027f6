// Package check explains what is wrong with a configuration: every problem of
// all its files at once, each with its place, the source line, what is allowed
// there and the most similar names. It is `sluice check`, which has no
// counterpart in nginx; the messages are nginx's own.
//
//	report := check.Run(runtime.Options{ConfPath: "/etc/nginx/nginx.conf", Prefix: "/etc/nginx/"})
//	report.Text(os.Stdout)
//	os.Exit(report.Code(false))
//
// nginx stops at the first error. Here the statements that are wrong are left
// out and the rest is read again, until only the checks of the configuration as
// a whole are left. Errors that only follow from what was left out are not
// reported.
//
// Not found: errors inside a block that is itself unknown or whose directive reads
// the statements by itself, and errors that occur only when the server starts
// (ports in use, folders that cannot be made).
package check
