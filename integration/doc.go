// Package integration tests the built program over real sockets, with nginx beside it as the oracle.
//
// Each file in cases is one configuration with its requests. TestCases runs every one of them under nginx and under the
// server under test, with the same files, and compares status lines, header fields in their order and spelling, bodies and
// log lines. The expected result is nginx's; no other is written down. differences.md lists what may differ, a line for each
// with its reason. A test fails at a difference that is not in the list, and at one in the list that no longer exists.
//
//	go test ./integration                                     Debian's nginx against cmd/sluice, built once
//	go test ./integration -run TestCases/all/location         the cases whose name begins so
//	SLUICE_BINARY=/usr/local/nginx/sbin/nginx go test ./integration -run TestCases
//	                                                          a newer nginx as the server under test: what changed since
//	go test ./integration -run TestCases -record              add what differs to differences.md
//
// TestBroken runs -t of both programs on the configurations of testdata/broken.txt, which do not load, and compares what
// they print; broken.md has the exceptions. TestInheritance sets each directive of locations in http, server, location and
// if blocks and compares where it holds; testdata/inheritance.txt has a row for each.
//
// The other tests: TestSeed runs the configuration that Sluice was first made for, with an application that behaves as its
// framework does; TestShipped loads and exercises every file of conf.d and snippets; TestWelcome opens the welcome page in a
// browser. Package faults plays faults of upstream servers, over every protocol, and compares. Package soak tests reloads,
// changes of the binary and signals under load. Package limits bounds memory, descriptors, goroutines and seconds while a
// client or an application misbehaves. Command fuzz (make fuzz-nginx) makes configurations and requests at random, compares
// as TestCases does, and prints what differs as a case. They need nginx and chromium, and fail where one is missing.
package integration
