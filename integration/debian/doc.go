// Package debian tests that the program takes nginx's place on a Debian machine, where nothing but the binary is exchanged:
// Debian's own configuration, init script, systemd unit, logrotate and maintainer scripts work with it as they do with
// nginx, certbot's plugin for nginx gets and installs a certificate, and fail2ban and goaccess read the logs. The package that
// `make deb` builds is installed, used and removed.
//
//	go test -tags machines ./integration/debian
//
// Every test runs on a machine of its own, a copy of this one, see package scratch; the machine itself stays as it is. That
// takes root and Linux, so the tests have a build tag, which the Makefile sets for root. Where a test has an oracle, it is
// Debian's nginx: the same test is run with both programs.
// Packages: nginx, certbot, python3-certbot-nginx, fail2ban, goaccess, logrotate, procps.
package debian
