//go:build race

package harness

// Generosity multiplies the bounds of memory and time: the race detector, with which the server is built too, needs memory
// of its own for what it watches, never gives it back, and takes its time.
const Generosity = 8
