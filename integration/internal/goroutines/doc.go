// Package goroutines counts the goroutines of a running program. It reads the list of the Go runtime
// from the memory of the process, at the address that the symbols of the binary give: the program has no interface for it.
package goroutines
