// Package mediatype knows the types of responses: which one a file name extension has
// (table.go: types), and which ones a filter works on (set.go: gzip_types, ssi_types and
// similar directives).
//
//	types := mediatype.NewSet("text/html")
//	types.Bind(t, "gzip_types")
//	...
//	if types.Match(&r.Out) {
package mediatype
