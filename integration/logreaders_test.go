package integration

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// logReaders are the expressions by which programs recognise lines of nginx's logs. Each has to find as many lines in
// ours as in nginx's for the same traffic. Those of fail2ban are what its filters amount to once the time is cut off.
var logReaders = []struct{ name, log, expression string }{
	{
		"fail2ban nginx-http-auth", "error.log",
		`^\s*\[error\] \d+#\d+: \*\d+ user "(?:[^"]+|.*?)":? (?:password mismatch|was not found in "[^"]*"), client: 127\.0\.0\.1, ` +
			`server: \S*, request: "\S+ \S+ HTTP/\d+\.\d+", host: "\S+"(?:, referrer: "\S+")?\s*$`,
	},
	{
		"fail2ban nginx-botsearch, error log", "error.log",
		`^ \[error\] \d+#\d+: \*\d+ (\S+ )?"\S+" (failed|is not found) \(2: No such file or directory\), client: 127\.0\.0\.1, ` +
			`server: \S*, request: "(GET|POST|HEAD) /(wp-(login|signup|admin)\.php|(pma|(php)?[Mm]y[Aa]dmin))[^,]* \S+", .*?$`,
	},
	{
		"fail2ban nginx-botsearch, access log", "access.log",
		`^127\.0\.0\.1 - \S+ \[\] "(GET|POST|HEAD) /(wp-(login|signup|admin)\.php|(pma|(php)?[Mm]y[Aa]dmin))[^,]* \S+" 404 .+$`,
	},
	{"fail2ban nginx-bad-request", "access.log", `^127\.0\.0\.1 - \S+ \[\] "[^"]*" 400`},
	{
		"CrowdSec access log", "access.log",
		`^(\S+ )?127\.0\.0\.1 - [a-zA-Z0-9.@\-+_%]+ \[[^]]*\] "\b\w+\b .*? HTTP/[0-9.]+" [0-9]+ [0-9]+ "[^"]*" "[^"]*"`,
	},
	{
		"CrowdSec error log", "error.log",
		`^ \[[a-z]+\] \d+#\d+: (\*\d+ )?.*, client: 127\.0\.0\.1, server: .*?, request: "\w+ ([^/]+)?/\S*( HTTP/[0-9.]+)?", ` +
			`host: "[0-9A-Za-z.-]+(:\d+)?"`,
	},
	{"goaccess combined", "access.log", `^\S+ \S+ \S+ \[\] "[^"]*" \d{3} \d+ "[^"]*" "[^"]*"$`},
	{"grok of Elastic, Datadog and others", "error.log", `^ \[[a-z]+\] \d+#\d+: \*\d+ \S.*$`},
	{"NGINX Agent, body buffered", "error.log", `client request body is buffered`},
	{"NGINX Agent, connecting", "error.log", `failed.*while connecting to upstream, client`},
	{"NGINX Agent, no live upstreams", "error.log", `no live upstreams while connecting to upstream, client`},
	{"NGINX Agent, reading header", "error.log", `failed.*while reading response header from upstream, client`},
	{"NGINX Agent, timed out", "error.log", `upstream timed out.*while reading response header from upstream, client`},
	{"NGINX Agent, closed", "error.log", `upstream prematurely closed connection while reading response header from upstream, client`},
	{"NGINX Agent, no valid header", "error.log", `upstream sent no valid.*header while reading response`},
	{"NGINX Agent, invalid header", "error.log", `upstream sent invalid header`},
	{"NGINX Agent, invalid chunks", "error.log", `upstream sent invalid chunked response`},
	{"NGINX Agent, big header", "error.log", `upstream sent too big header while reading response header from upstream`},
}

var (
	errorLogTime  = regexp.MustCompile(`(?m)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d`)
	accessLogTime = regexp.MustCompile(`\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]`)
)

// TestLogReaders runs the same traffic under both servers and reads their logs as others do.
func TestLogReaders(t *testing.T) {
	c, err := harness.LoadCase("testdata/logreaders.txtar")
	if err != nil {
		t.Fatal(err)
	}
	oracle, tested := readLogs(t, c, lab.Oracle), readLogs(t, c, lab.Tested)
	for _, r := range logReaders {
		re := regexp.MustCompile(r.expression)
		want, got := matching(re, oracle[r.log]), matching(re, tested[r.log])
		if len(want) == 0 {
			t.Errorf("%s: finds nothing in nginx's %s:\n%s", r.name, r.log, oracle[r.log])
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d lines\n  %s\nnginx has %d\n  %s", r.name, len(got), strings.Join(got, "\n  "), len(want), strings.Join(want, "\n  "))
		}
	}
}

// readLogs plays a case and returns the logs without their time, as fail2ban cuts it off.
func readLogs(t *testing.T, c *harness.Case, binary string) map[string]string {
	t.Helper()
	s, err := lab.Serve(t.Context(), c, binary)
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Requests {
		if _, err := s.Do(t.Context(), &c.Requests[i]); err != nil {
			t.Errorf("%s: %v", c.Requests[i].Name, err)
		}
	}
	logs := map[string]string{}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	for name, stamp := range map[string]*regexp.Regexp{"error.log": errorLogTime, "access.log": accessLogTime} {
		b, err := os.ReadFile(filepath.Join(s.Dir(), "logs", name))
		if err != nil {
			t.Fatal(err)
		}
		without := ""
		if name == "access.log" {
			without = "[]"
		}
		logs[name] = stamp.ReplaceAllString(string(b), without)
	}
	if err := os.RemoveAll(s.Dir()); err != nil { // the other server gets the same folder
		t.Error(err)
	}
	return logs
}

func matching(re *regexp.Regexp, text string) (lines []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); re.MatchString(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// debugNumbers are what may differ in a debug record: descriptors, lengths, counts, addresses and certificates' details.
var debugNumbers = regexp.MustCompile(`(fd:|socket |l:|s:|max:|of |recv: fd:\S+ |writev: |sendfile: |SSL_read: |SSL_write: |try: |` +
	`changes: |connection: |request: |changes: |static fd: )-?[0-9]+|127\.0\.0\.1:[0-9]+|@[0-9]+`)

// ownDebug are debug records that nginx has not, or not like this: it tests locations by pieces of their names, has a record
// for each part of a text with variables, sees the end of a connect later, and names OpenSSL's ciphers with their details.
var ownDebug = regexp.MustCompile(`^(test location: "|http script value: "|http script file op |http script var: "|stream socket|http upstream connect: |` +
	`connect to |get keepalive peer: using connection|free keepalive peer: saving|close http upstream connection|SSL: |` +
	`http proxy filter init|http proxy header:?$|"?(GET|POST) .* HTTP/1|http finalize request|finalize http upstream request|` +
	`http next upstream|HTTP/1\.1 |(writev|recv|SSL_write|SSL_read|sendfile|http write filter|http static fd|close http connection)\b)`)

// TestDebugRecords runs the same traffic with the debug log on, under both servers: what is in ours is in nginx's.
func TestDebugRecords(t *testing.T) {
	c, err := harness.LoadCase("testdata/debugrecords.txtar")
	if err != nil {
		t.Fatal(err)
	}
	oracle, tested := readLogs(t, c, lab.Oracle), readLogs(t, c, lab.Tested)
	known := map[string]bool{}
	for _, r := range debugRecords(oracle["error.log"]) {
		known[r] = true
	}
	ours := debugRecords(tested["error.log"])
	if len(ours) < 100 {
		t.Fatalf("%d records:\n%s", len(ours), tested["error.log"])
	}
	for _, r := range ours {
		if !known[r] && !ownDebug.MatchString(r) {
			t.Errorf("nginx has no record %q", r)
		}
	}
}

// debugRecords returns the first lines of the debug records about connections.
func debugRecords(log string) (list []string) {
	head := regexp.MustCompile(`^ \[debug\] \d+#\d+: \*\d+ `)
	for line := range strings.Lines(log) {
		if h := head.FindString(line); h != "" {
			list = append(list, debugNumbers.ReplaceAllString(strings.TrimRight(line[len(h):], "\r\n"), "$1#"))
		}
	}
	return list
}
