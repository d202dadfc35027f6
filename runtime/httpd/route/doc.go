// Package route holds the two lookups of a request: the server by its name, the location by its URI.
package route
