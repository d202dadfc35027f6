// Package debian tests that the program takes nginx's place on a Debian machine, where only the binary is exchanged:
// Debian's own configuration, init script, systemd unit, logrotate and maintainer scripts work with it as they do with
// nginx, certbot's plugin for nginx gets and installs a certificate, and fail2ban and goaccess read the logs. The package that
// `make deb` builds is installed, used and removed.
//
//	go test -tags machines ./integration/debian
//
// Every test runs in namespaces of its own with a copy of the root file system, see package scratch; the machine itself is not
// changed. That takes root and Linux, so the tests have a build tag, which the Makefile sets for root. A test that compares runs
// with both programs, Debian's nginx and the built one.
// Packages: nginx, certbot, python3-certbot-nginx, fail2ban, goaccess, logrotate, procps.
package debian
