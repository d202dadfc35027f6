// Package harness runs one configuration under two servers at once, nginx as the oracle and the server under test,
// sends both the same bytes, and reports how the responses differ.
//
// The package contains no expected responses: nginx's response is the expected one. A case is a txtar file (see Case) with the
// configuration, the files it serves, what its upstreams reply, and the requests. Run starts both servers in folders
// and on ports of their own, plays the requests in order, and returns per request a Transcript of each side, without
// what may differ: the time, the product's name and version, ports and folders.
//
// The parts can be used one by one, as the tests of the shipped configuration and the benchmark do: Binaries
// finds or builds the two programs, Start and Server.Stop run one, Exchange sends and receives raw bytes, Upstream is an
// application with prescribed responses.
package harness
