//go:build !race

package limits

// generosity multiplies the bounds.
const generosity = 1
