// Package clock returns the time in the formats that a server prints, and renders
// each format once per second.
//
// It corresponds to nginx's ngx_times.c. It needs no timer: the first caller in a
// second renders the texts, and all other callers in that second get the same bytes.
//
//	now := clock.Now()
//	dst = append(dst, now.HTTPDate()...)  // Sun, 22 Nov 2026 14:35:55 GMT
//	dst = append(dst, now.LogTime()...)   // 22/Nov/2026:14:35:55 +0000
//
// The slices are shared: they must not be written to. They stay valid for ever.
//
// Not supported: a change of the local time zone's definition while the
// process runs.
package clock
