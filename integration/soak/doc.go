// Package soak tests a running server under load while operators act on it: reloads, some with broken files, log rotation,
// changes of the binary from nginx to Sluice and back, signals in any order. No request may fail, no connection may be cut,
// every request has its line in the log, and memory use returns to what it was. TestMixed tests that each response contains
// the bytes of its own request alone.
//
//	go test ./integration/soak                            the short form, half a minute
//	make soak                                             200 reloads, 20 rotations, 10 changes of the binary, with wrk beside
//	SLUICE_SOAK_SEED=7 go test -run Signals ./integration/soak
//	                                                      the order of signals of seed 7
//	make chaos CHAOS=10m                                  peers that fail, for ten minutes
//
// TestChaos kills, freezes and restarts three upstream servers while clients send requests. The rules of proxy_next_upstream
// must explain each request that fails (chaosrules_linux_test.go).
//
// It is a package of its own so that no other test runs in the same process. Started by root, the tests run twice: with a
// master and a worker, and as an ordinary user.
package soak
