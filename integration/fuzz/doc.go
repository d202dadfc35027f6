// Command fuzz compares the built program with nginx on random configurations and requests.
//
//	make fuzz-nginx                                   ten minutes of it
//	go run ./integration/fuzz -configs 1000           so many configurations, 50 requests each
//	go run ./integration/fuzz -seed 7 -configs 1      one configuration again
//
// A seed stands for one configuration with its requests, made from the words of grammar.go and requests.go. Both servers
// get them, as integration/cases has them, and status lines, header fields in order and spelling, bodies, access log and
// error log are compared. A difference that no row of differences.md explains is made smaller, by leaving out requests and
// directives for as long as it stays the same, and printed as an archive that can go to integration/cases. One of each kind
// is printed; the exit status is 1 if there was any. A configuration that nginx refuses has to be refused with the same
// words.
//
// nginx is the one of the variable NGINX_BINARY, or Debian's; rows of differences.md that name a version of nginx count for
// oracles that are older. The test of the package plays some seeds.
package main
