// Package soak holds a running server to what operators do to it, under load: reloads, a part of them with broken files,
// log rotation, changes of the binary from nginx to Sluice and back, signals in any order. No request may fail, no
// connection may be cut, every request has its line in the log, and the memory comes back. And to what clients and
// peers do to one another (TestMixed): each response has the bytes of its own request alone.
//
//	go test ./integration/soak                            the short form, half a minute
//	make soak                                             200 reloads, 20 rotations, 10 changes of the binary, with wrk beside
//	SLUICE_SOAK_SEED=7 go test -run Signals ./integration/soak
//	                                                      one order of signals again
//	make chaos CHAOS=10m                                  peers that fail, for so long
//
// TestChaos is about those behind it: three peers are killed, frozen and started again while clients ask, and each request
// that fails is explained by the rules of proxy_next_upstream (chaosrules_linux_test.go).
//
// It is a package of its own so that nothing else runs beside it in one process. Started by root, everything is done
// twice: with a master and a worker, and as an ordinary user.
package soak
