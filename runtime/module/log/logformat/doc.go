// Package logformat compiles the texts of log_format into flat lists of
// operations that append one line to a buffer. It is shared by
// ngx_http_log_module and ngx_stream_log_module.
//
//	f, err := logformat.Compile(vars, specials, []string{"escape=json", `{"a":"$remote_addr"}`})
//	line = f.Append(line[:0], r)
//
// A special is a name with a function of its own, such as $status; all other names are
// variables. A variable without a value is "-" with the default escaping and
// nothing with the others.
//
// Not supported: $1..$9. As in nginx a format has names only.
package logformat
