//go:build race

package limits

// generosity multiplies the bounds: the race detector, with which the server is built too, needs memory of its own for what
// it watches, and takes its time.
const generosity = 8
