// Package netaddr has the addresses of sockets as values: an address and its text in
// nginx's spelling, networks, and what a listen directive says about a socket. It opens
// nothing; package netio does.
package netaddr
