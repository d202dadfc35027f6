package integration

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// fpmConf runs a few workers of PHP. Errors go to the server as standard error.
const fpmConf = `[global]
error_log = DIR/fpm.log
log_level = notice
[www]
listen = DIR/php.sock
listen.mode = 0666
pm = static
pm.max_children = 4
catch_workers_output = no
php_admin_value[error_log] =
php_admin_flag[log_errors] = on
php_admin_flag[display_errors] = off
php_admin_flag[html_errors] = off
php_admin_value[opcache.enable] = 0
php_admin_value[upload_max_filesize] = 64M
php_admin_value[post_max_size] = 64M
php_admin_value[upload_tmp_dir] = DIR
`

// startPHP starts Debian's php-fpm in a folder of its own and returns the socket it listens at.
func startPHP(t *testing.T) (socket string) {
	t.Helper()
	programs, err := filepath.Glob("/usr/sbin/php-fpm*")
	if err != nil || len(programs) == 0 {
		t.Fatal("php-fpm is missing, see TEST_PACKAGES in the Makefile")
	}
	dir, err := os.MkdirTemp(lab.Dir, "php-")
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "fpm.conf")
	if err := os.WriteFile(conf, []byte(strings.ReplaceAll(fpmConf, "DIR", dir)), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := harness.GiveAway(dir); err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "php.sock")
	startProgram(t, dir, "unix", socket, programs[0], "-n", "-F", "-y", conf)
	return socket
}

// closed closes a connection, if there is one.
func closed(c net.Conn) error {
	if c == nil {
		return nil
	}
	return c.Close()
}

// TestPHP plays requests to scripts that Debian's php-fpm runs: parts of the path, uploads, errors, output that comes bit by
// bit, with kept connections and without.
func TestPHP(t *testing.T) {
	known, err := harness.ReadDifferences("differences.md")
	if err != nil {
		t.Fatal(err)
	}
	socket := startPHP(t)
	text := withAssets(t, "testdata/php.txtar", func(s string) string { return s })
	c, err := harness.ParseCase("php", bytes.ReplaceAll(text, []byte("%%PHP%%"), []byte("unix:"+socket)))
	if err != nil {
		t.Fatal(err)
	}
	compare(t, c, known)
}

// TestPHPSite takes the signs of comments away from the PHP site of conf.d/default.conf: it serves scripts, and nothing that is
// no script of its own.
func TestPHPSite(t *testing.T) {
	known, err := harness.ReadDifferences("differences.md")
	if err != nil {
		t.Fatal(err)
	}
	socket := startPHP(t)
	c := shippedCaseOf(t, "testdata/phpsite.txtar", func(text string) string {
		const first, last = "    #location ~ [^/]\\.php", "    #}\n"
		at := strings.Index(text, first)
		if at < 0 {
			return text
		}
		end := at + strings.Index(text[at:], last) + len(last)
		site := strings.ReplaceAll(text[at:end], "    #", "    ")
		return text[:at] + strings.Replace(site, "/run/php/php-fpm.sock", socket, 1) + text[end:]
	})
	c.Name = "phpsite"
	compare(t, c, known)
}
