// Package product says what the program is, to clients and in logs.
package product

// Name and Version are what the Server header and the default error pages say.
const (
	Name    = "sluice"
	Version = "0.1.0"
)

// Compatible is the nginx version whose behaviour this is: $nginx_version.
const Compatible = "1.31.5"
