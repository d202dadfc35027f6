// Package netaddr has the addresses of sockets as values: an address and its text in
// nginx's spelling, networks, and the parameters of a listening socket. Package netio
// opens the sockets.
package netaddr
