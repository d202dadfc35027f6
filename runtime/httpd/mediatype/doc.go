// Package mediatype has the media types of responses: the type for a file name extension
// (table.go: types), and the set of types that a filter works on (set.go: gzip_types,
// ssi_types and similar directives).
//
//	types := mediatype.NewSet("text/html")
//	types.Bind(t, "gzip_types")
//	...
//	if types.Match(&r.Out) {
package mediatype
