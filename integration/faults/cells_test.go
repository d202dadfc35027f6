package faults

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// A cell is a row in one mode of a protocol.
type cell struct {
	mode string
	row  *row
}

func (c *cell) uri() string { return "/" + c.mode + "/" + c.row.name }

// wrong returns what the server under test may not do, whatever nginx does.
func (c *cell) wrong(proto *protocol, did harness.Transcript) (left []string) {
	if want := fmt.Sprintf("HTTP/1.1 %d ", c.row.newer); c.row.newer != 0 && c.mode == "plain" && proto.name != "memcached" &&
		!strings.HasPrefix(did[0], want) {
		left = append(left, "want "+want)
	}
	text := strings.Join(did, "\n")
	if strings.Contains(text, "> stolen") {
		left = append(left, "what a peer sends behind a response is taken for the next one")
	}
	if c.mode == "cache" && strings.Contains(text, "cut short") && strings.Contains(text, "[HIT]") {
		left = append(left, "a response that is cut short comes from the cache")
	}
	return left
}

// cellsOf are those of a protocol.
func cellsOf(proto *protocol) (cells []cell) {
	for _, rows := range proto.rows {
		for i := range rows {
			for _, mode := range proto.modes {
				if strings.Contains(rows[i].name, *only) {
					cells = append(cells, cell{mode, &rows[i]})
				}
			}
		}
	}
	return cells
}

// play makes the requests of a cell and returns the responses.
func (c *cell) play(ctx context.Context, s *harness.Running, unit time.Duration) (harness.Transcript, error) {
	t, err := c.ask(ctx, s, c.uri(), unit)
	if err != nil {
		return nil, err
	}
	second := ""
	switch c.mode {
	case "cache":
		second = c.uri()
	case "keep":
		second = c.uri() + "/good"
		time.Sleep(unit) // what the peer sends behind the response has come
	default:
		return t, nil
	}
	more, err := c.ask(ctx, s, second, unit)
	return slices.Concat(t, more), err
}

func (c *cell) ask(ctx context.Context, s *harness.Running, uri string, unit time.Duration) (harness.Transcript, error) {
	method, rest := c.row.method, ""
	switch method {
	case "":
		method = "GET"
	case "POST":
		rest = "Content-Length: 0\n"
	}
	text := fmt.Sprintf("%s %s HTTP/1.1\nHost: localhost\nConnection: close\n%s\n", method, uri, rest)
	// Who waits for a second response waits until the server closes.
	ex, err := s.Do(ctx, &harness.Request{Name: uri, Port: 1, Answers: 2, Limit: 40 * unit, Parts: []harness.Part{{Text: text}}})
	if err != nil {
		return nil, err
	}
	t := hideParts(s.Transcript(ex))
	if len(t) > longest {
		t = append(t[:longest], fmt.Sprintf("[%d lines more]", len(t)-longest))
	}
	return t, nil
}

// longest is how much of a transcript is compared line by line: interim responses may be many.
const longest = 100

// hideParts takes out of a transcript how much there is of a large body that is cut short: that depends on how its bytes came.
func hideParts(t harness.Transcript) harness.Transcript {
	for i, line := range t {
		if !cutNote.MatchString(line) {
			continue
		}
		for j := i; j < len(t) && !strings.HasPrefix(t[j], "HTTP/"); j++ {
			if largePart.MatchString(t[j]) {
				t[i], t[j] = "[body cut short]", "[a part of a large body]"
			}
		}
	}
	return t
}

var (
	cutNote   = regexp.MustCompile(`^\[(chunked )?body cut short`)
	largePart = regexp.MustCompile(`^\[[0-9]+ bytes, .*"abcdefghijklmnop`)
)

// archive is the case whose configuration has all cells.
func archive(proto *protocol, cells []cell, hole string, unit time.Duration) string {
	var up, in strings.Builder
	directives := func(format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		in.WriteString("    " + strings.ReplaceAll(text, "@", proto.prefix) + "\n")
	}
	directives(`%s @_connect_timeout %[2]dms; @_read_timeout %[2]dms; @_send_timeout %[2]dms;`, proto.shared, (4 * unit).Milliseconds())
	for i, c := range cells {
		at := strings.ReplaceAll(c.row.at, "%%BLACKHOLE%%", hole)
		if at == "" {
			at = "%%UPSTREAM%%"
		}
		more, group := "", ""
		switch c.mode {
		case "off":
			more = "@_buffering off;"
		case "next":
			group = "server %%UPSTREAM_2%% backup;"
			if proto.name == "memcached" {
				more = "@_next_upstream error timeout invalid_response;"
			} else {
				more = "@_next_upstream error timeout invalid_header;"
			}
		case "cache":
			more = "@_cache zone; @_cache_key $uri; @_cache_valid 200 1m; @_cache_methods GET HEAD POST;"
		case "keep":
			more, group = proto.kept, "keepalive 4;"
		}
		to := at
		if group != "" {
			to = fmt.Sprintf("group-%d", i)
			fmt.Fprintf(&up, "upstream %s { server %s max_fails=0; %s }\n", to, at, group)
		}
		directives("location %s { %s @_pass %s%s; }", c.uri(), more, proto.pass, to)
		if c.mode == "keep" {
			directives("location %s/good { %s @_pass %s%s; }", c.uri(), more, proto.pass, to)
		}
	}
	cache := ""
	if slices.Contains(proto.modes, "cache") {
		cache = fmt.Sprintf("%s_cache_path cache keys_zone=zone:1m;\n", proto.prefix)
	}
	return `
error-log: .
-- nginx.conf --
error_log logs/error.log info;
pid logs/nginx.pid;
events { worker_connections 2048; }
http {
include temp-paths.conf;
log_format fault '` + proto.name + ` $request_uri $status [$upstream_status] [$upstream_addr] [$upstream_response_length] ` +
		`[$upstream_cache_status] "$request_completion"';
access_log logs/fault-access.log fault;
` + cache + up.String() + `server {
    listen %%ADDR%%;
` + in.String() + `}
}
`
}
