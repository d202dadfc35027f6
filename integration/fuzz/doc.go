// Command fuzz compares the built program with nginx on random configurations and requests.
//
//	make fuzz-nginx                                   ten minutes of it
//	go run ./integration/fuzz -configs 1000           1000 configurations, 50 requests each
//	go run ./integration/fuzz -seed 7 -configs 1      one configuration again
//
// A seed determines one configuration with its requests, made from the words of grammar.go and requests.go. Both servers run
// them as they run integration/cases, and status lines, header fields in order and spelling, bodies, access log and error
// log are compared. A difference that no row of differences.md explains is reduced: requests and directives are left out as
// long as the difference stays the same. It is printed as an archive for integration/cases. One of each kind is printed; the
// exit status is 1 if there was any. A configuration that nginx refuses has to be refused with the same message.
//
// The variable NGINX_BINARY names the nginx to compare with; the default is Debian's. Rows of differences.md that name a
// version of nginx apply to older ones. The test of the package plays some seeds.
package main
