// Package settings holds what the directives of ngx_http_core_module say, as values: those
// of servers (server.go) and those of locations (core.go), how they are read (bind.go) and
// where the form of one takes more than a line: root.go, errorpage.go, openfiles.go, rate.go.
// The engine and modules read them; nothing of it knows a request.
//
//	e := &settings.Env{Compile: vars.Compile, ...}
//	section := conf.NewSection(m, settings.Default(loader), e.Bind)
//	...
//	if section.Of(block).ETag {
package settings
