//go:build !race

package harness

// Generosity multiplies the bounds of memory and time.
const Generosity = 1
