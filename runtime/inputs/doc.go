// Package inputs provides what is read while a configuration is loaded: the text of
// files, the names that a pattern matches, the addresses of hosts. It has no
// counterpart in nginx, whose workers are forked and so have it in memory.
//
// A master that runs as root records what it reads. Its worker has no rights to read
// that, and loads the same configuration from the record:
//
//	r := inputs.NewRecorder(inputs.System{})
//	l := conf.NewLoader(path, prefix)
//	l.Inputs = r
//	err := l.Load("")
//	... // r.Record() goes to the worker
//	l.Inputs = record
//
// What is read while requests are served (password files, certificates that are
// named by variables) is no input: it is opened with the worker's own rights.
package inputs
