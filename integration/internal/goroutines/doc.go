// Package goroutines counts the goroutines of a running program. The program has no way to say how many it has, and none is
// made for the tests: the list of the Go runtime is read from the memory of the process, where the symbols of the binary say.
package goroutines
