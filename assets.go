// Package sluice holds the configuration that the program ships with: what it serves when it is started without an
// nginx.conf of the user's own. The server itself is in the packages below this one; see docs/architecture.md.
package sluice

import (
	"embed"
	"io/fs"
)

//go:embed nginx.conf mime.types fastcgi_params fastcgi.conf uwsgi_params scgi_params conf.d snippets html
var assets embed.FS

// Assets returns the shipped configuration: nginx.conf at the root, the files it includes in conf.d and snippets, and
// the pages it serves in html. Unpacked into a folder that is given as both prefix and place of nginx.conf, it runs as
// it is, but for three things that the program adds there: the folder logs, and the pair certs/self-signed.crt and
// certs/self-signed.key that snippets/self-signed.conf names.
func Assets() fs.FS { return assets }
