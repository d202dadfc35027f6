// Package acme runs the program with Pebble, Let's Encrypt's certificate authority for tests: certificates are obtained, with
// either challenge, by a master and its worker, by a single process, and by one without root's rights.
//
//	go test ./integration/acme
//
// Pebble runs in the process of the test. Its DNS server says that every host is this machine.
package acme
