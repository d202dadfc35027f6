// Package script compiles values that contain variables ("$host:$server_port")
// and keeps the namespace of variables. It is shared by http, stream and mail:
// each has a [Vars] of its own session type.
//
// Variables become numbers while the configuration is loaded; at run time a [Value]
// gets variables from its [Session] by number, never by name.
//
//	vars := script.NewVars[*Request]()
//	vars.Define("host", script.Def[*Request]{Get: host})
//	v, err := vars.Compile("$host:8080")
//	b := v.Eval(r)
//
// The rewrite module's instructions (set, if, rewrite) are not here; they live
// with that module.
package script
