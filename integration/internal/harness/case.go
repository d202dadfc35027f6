package harness

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Case is one configuration with the requests that are made to it, read from a txtar file.
//
// The comment at the head says in words what the case is about; lines in it of the form `key: value` with one of these
// keys are settings, and may repeat:
//
//	error-log: REGEX      lines of logs/error.log and logs/error-*.log that match must be the same on both sides
//	gzip: PATH            the file is stored compressed
//	fill: PATH SIZE       a file of SIZE bytes of text, the same at every run
//	mkdir: PATH           an empty folder
//	link: PATH TARGET     a symbolic link
//	mtime: PATH RFC3339   modification time, instead of the common one
//	chmod: PATH MODE      permissions, octal
//	pending: DIRECTIVE    Sluice does not have the directive yet, and has to say so
//	protocol: NAME        what the applications speak: fastcgi (see fastCGIReply), uwsgi, scgi, memcached, h2 (see serveH2); HTTP without it
//	since: VERSION        the case is about what nginx has had since then: it is not played with an older one
//	expires: absolute     Expires is compared as it is, not by its distance from Date
//
// The files are written to the folder the server runs in, but for these:
//
//	nginx.conf            the whole configuration
//	http.conf             what stands in its http block; the rest is provided
//	server.conf           what stands in the only server of its http block, which listens at %%ADDR%% and has root html
//	requests              a table of requests, one per line: see parseRow
//	requests/NAME         one connection, byte by byte: see parseScript
//	upstream/PATH         what the application at %%UPSTREAM%% answers for /PATH: see parseReply;
//	upstream2/PATH        the same for a second one at %%UPSTREAM_2%%
//
// In all of them these are replaced, by what is right for the side that runs:
//
//	%%ADDR%% %%ADDR_2%% …          an address to listen at, 127.0.0.1:PORT
//	%%PORT%% %%PORT_2%% …          its port
//	%%UPSTREAM%% %%UPSTREAM_2%%    address of an application
//	%%DEAD%%                       an address where nothing listens
//	%%TESTDIR%%                    the folder
//	%%EVEN%%                       of a field X-Even: what makes heads as long as the other server's, with server_tokens off
//	%%FILL_N%%  %%HEX_0d0a%%  %%LF%%   N bytes of filler; bytes; a newline that does not become CR LF
//	%%LEN%%                        length of what follows the first empty line
//	%%END%%                        the text ends here, without a newline
//	%%PAUSE_N%%                    of an upstream's answer: what follows comes N milliseconds after the server has read the rest
type Case struct {
	// Name is the name of the file without its extension.
	Name string
	// Conf is the configuration, with its placeholders.
	Conf string
	// Requests are the exchanges, in the order of the file.
	Requests []Request
	// Apps answer the connections to %%UPSTREAM%% and %%UPSTREAM_2%% in place of the files; nil for the files.
	Apps [2]func(net.Conn)
	// Own has the server keep the rights of the test, which are root's or an ordinary user's; else it has the latter.
	Own bool
	// Pending is a directive of the configuration that the server under test has to refuse as not supported, empty for none.
	Pending string
	// Since is the version of nginx that brought what the case is about, empty for any.
	Since string

	files     []file
	upstreams [2]map[string]reply
	protocol  string // of the applications
	settings  map[string][]string
	errorLog  []*regexp.Regexp
}

// Scripted reports whether an application has an answer of the case's own for a path. For other paths it echoes the request.
func (c *Case) Scripted(path string) bool {
	for _, replies := range c.upstreams {
		if _, ok := replies[path]; ok {
			return true
		}
	}
	return false
}

// commonTime is the modification time of every file that has no other: ETag and Last-Modified come out the same.
var commonTime = time.Date(2024, time.March, 5, 12, 34, 56, 0, time.UTC)

var setting = regexp.MustCompile(`^(error-log|gzip|fill|mkdir|link|mtime|chmod|pending|protocol|since|expires): (.+)$`)

// LoadCase reads a case from a txtar file.
func LoadCase(path string) (*Case, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(filepath.Base(path), ".txtar")
	c, err := ParseCase(name, text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// ParseCase reads a case from the text of a txtar file.
func ParseCase(name string, text []byte) (*Case, error) {
	c := &Case{Name: name, settings: map[string][]string{}}
	comment, files := parseArchive(text)
	for line := range strings.Lines(comment) {
		m := setting.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		c.settings[m[1]] = append(c.settings[m[1]], m[2])
		switch m[1] {
		case "pending":
			c.Pending = m[2]
		case "since":
			c.Since = m[2]
		case "protocol":
			if c.protocol = m[2]; protocols[c.protocol] == nil {
				return nil, fmt.Errorf("unknown protocol %q", m[2])
			}
		}
		if m[1] == "error-log" {
			re, err := regexp.Compile(m[2])
			if err != nil {
				return nil, err
			}
			c.errorLog = append(c.errorLog, re)
		}
	}
	for i := range c.upstreams {
		c.upstreams[i] = map[string]reply{}
	}
	for _, f := range files {
		if err := c.add(f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if c.Conf == "" {
		return nil, fmt.Errorf("no nginx.conf, http.conf or server.conf")
	}
	return c, nil
}

// add takes one file of the archive to where it belongs.
func (c *Case) add(f file) error {
	dir, base, _ := strings.Cut(f.name, "/")
	switch {
	case f.name == "nginx.conf":
		c.Conf = f.data
	case f.name == "http.conf":
		c.Conf = confHead + f.data + "}\n"
	case f.name == "server.conf":
		c.Conf = confHead + serverHead + f.data + "}\n}\n"
	case f.name == "requests":
		return c.addTable(f.data)
	case dir == "requests":
		r, err := parseScript(base, f.data)
		c.Requests = append(c.Requests, r)
		return err
	case dir == "upstream", dir == "upstream2":
		r, err := parseReply(f.data)
		c.upstreams[len(dir)-len("upstream")]["/"+base] = r
		return err
	default:
		c.files = append(c.files, f)
	}
	return nil
}

func (c *Case) addTable(text string) error {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := parseRow(line)
		if err != nil {
			return fmt.Errorf("%q: %w", line, err)
		}
		c.Requests = append(c.Requests, r)
	}
	return nil
}

// confHead and serverHead are what http.conf and server.conf are put into.
const (
	confHead = `error_log logs/error.log info;
pid logs/nginx.pid;
events { worker_connections 256; }
http {
    access_log logs/access.log combined;
    include temp-paths.conf;
    types { text/html html; text/plain txt; text/css css; application/json json; image/png png; }
`
	serverHead = `server {
    listen %%ADDR%%;
    root html;
`
)

// Lay writes the case's configuration and files to dir, which exists.
func (c *Case) Lay(dir string, subst func(string) string) error {
	for _, d := range []string{"logs", "html"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	compressed := map[string]bool{}
	for _, p := range c.settings["gzip"] {
		compressed[p] = true
	}
	for _, f := range append(slices.Clip(c.files), file{"nginx.conf", c.Conf}) { // both sides do this at once
		data := content(subst(f.data))
		if compressed[f.name] {
			data = gzipped(data)
		}
		if err := writeFile(filepath.Join(dir, f.name), data); err != nil {
			return err
		}
	}
	if err := c.layExtras(dir); err != nil {
		return err
	}
	return c.setTimes(dir)
}

// layExtras makes what the settings at the head of the case ask for.
func (c *Case) layExtras(dir string) error {
	for _, v := range c.settings["fill"] {
		var path string
		var size int
		if _, err := fmt.Sscanf(v, "%s %d", &path, &size); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
		if err := writeFile(filepath.Join(dir, path), Filler(size)); err != nil {
			return err
		}
	}
	for _, v := range c.settings["mkdir"] {
		if err := os.MkdirAll(filepath.Join(dir, v), 0o755); err != nil {
			return err
		}
	}
	for _, v := range c.settings["link"] {
		path, target, _ := strings.Cut(v, " ")
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(target, path)); err != nil {
			return err
		}
	}
	return nil
}

// setTimes gives every file its modification time, and the permissions the case asks for.
func (c *Case) setTimes(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.Type()&os.ModeSymlink != 0 {
			return err
		}
		return os.Chtimes(path, commonTime, commonTime)
	})
	if err != nil {
		return err
	}
	for _, v := range c.settings["mtime"] {
		path, at, _ := strings.Cut(v, " ")
		t, err := time.Parse(time.RFC3339, at)
		if err != nil {
			return fmt.Errorf("mtime: %w", err)
		}
		if err := os.Chtimes(filepath.Join(dir, path), t, t); err != nil {
			return err
		}
	}
	for _, v := range c.settings["chmod"] {
		var path string
		var mode os.FileMode
		if _, err := fmt.Sscanf(v, "%s %o", &path, &mode); err != nil {
			return fmt.Errorf("chmod: %w", err)
		}
		if err := os.Chmod(filepath.Join(dir, path), mode); err != nil {
			return err
		}
	}
	return nil
}
