// Package settings holds the values of the directives of ngx_http_core_module: those of
// servers (server.go) and of locations (core.go). bind.go reads them; directives with a
// longer form have files of their own: root.go, errorpage.go, openfiles.go, rate.go. The
// engine and modules read the values. The package does not depend on requests.
//
//	e := &settings.Env{Compile: vars.Compile, ...}
//	section := conf.NewSection(m, settings.Default(loader), e.Bind)
//	...
//	if section.Of(block).ETag {
package settings
