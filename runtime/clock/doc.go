// Package clock tells the time in the forms a server prints it, and formats
// each form once per second.
//
// It stands for nginx's ngx_times.c. There is no timer behind it: the texts are
// rendered when the first caller of a new second asks, and every other caller
// of that second gets the same bytes.
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
