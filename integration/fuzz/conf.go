package main

import (
	"fmt"
	"slices"
	"strings"
)

// A node is a directive of a configuration, or several on one line, or a block.
type node struct {
	text  string
	block bool
	kids  []*node
	fixed bool // it cannot be left out
}

func (n *node) add(kids ...*node) *node {
	n.kids = append(n.kids, kids...)
	return n
}

func line(text string) *node                 { return &node{text: text} }
func block(head string, kids ...*node) *node { return &node{text: head, block: true, kids: kids} }
func (n *node) keep() *node                  { n.fixed = true; return n }

// without returns the text of n, but for the nodes that are gone.
func (n *node) without(gone map[*node]bool) string {
	var b strings.Builder
	n.write(&b, 0, gone)
	return b.String()
}

func (n *node) write(b *strings.Builder, depth int, gone map[*node]bool) {
	if gone[n] {
		return
	}
	if n.text == "" && n.block { // the file
		for _, k := range n.kids {
			k.write(b, depth, gone)
		}
		return
	}
	indent := strings.Repeat("    ", depth)
	if !n.block {
		fmt.Fprintf(b, "%s%s\n", indent, n.text)
		return
	}
	fmt.Fprintf(b, "%s%s {\n", indent, n.text)
	for _, k := range n.kids {
		k.write(b, depth+1, gone)
	}
	fmt.Fprintf(b, "%s}\n", indent)
}

// all returns the nodes below n that can be left out, outer ones first.
func (n *node) all() (nodes []*node) {
	level := []*node{n}
	for len(level) > 0 {
		var next []*node
		for _, k := range level {
			for _, kid := range k.kids {
				if !kid.fixed {
					nodes = append(nodes, kid)
				}
				next = append(next, kid)
			}
		}
		level = next
	}
	return nodes
}

// logFields are the variables that the access log has.
var logFields = []string{
	"request", "status", "body_bytes_sent", "request_length", "request_method", "request_uri", "uri", "args", "is_args", "host", "server_name",
	"server_port", "server_protocol", "document_root", "request_filename", "content_length", "content_type", "remote_addr", "remote_user", "request_completion",
	"pipe", "sent_http_content_type", "sent_http_content_length", "sent_http_location", "sent_http_connection", "sent_http_transfer_encoding",
	"sent_http_cache_control", "sent_http_etag", "upstream_addr", "upstream_status", "upstream_http_content_type", "upstream_response_length",
	"proxy_host", "proxy_port", "http_range", "cookie_c", "v1", "v2", "m1", "limit_req_status", "sent_http_x_if", "upstream_cache_status",
}

// configuration makes the tree of nginx.conf.
func (g gen) configuration() *node {
	format := "id=$http_x_id"
	for _, f := range logFields {
		format += "|" + f + "=$" + f
	}
	http := block("http",
		line("include temp-paths.conf;").keep(),
		line("types { text/html html shtml; text/plain txt; text/css css; application/json json; image/png png; }"),
		line("log_format fuzz '"+format+"';").keep(),
		line("access_log logs/fuzz-access.log fuzz;").keep(),
		line("client_header_timeout 3s; client_body_timeout 3s; proxy_read_timeout 3s; lingering_timeout 1s; lingering_time 2s; keepalive_timeout 5s;").keep(),
		line("limit_req_zone $arg_l zone=z1:1m rate=1r/m;").keep(),
		line("proxy_cache_path cache keys_zone=c1:1m inactive=1h;"),
		g.mapping("m1"), g.mapping("m2"),
		block("map $arg_e $m3", line("default off;"), line("1 1d;"), line("2 -1;")).keep(),
		block("upstream u1", line(g.expand("<group>")).keep()).keep(),
		block("upstream u2", line(g.expand("<group>")).keep()).keep(),
	).keep()
	if g.chance(40) {
		http.add(line(g.expand("<http>")))
	}
	g.settings(http, g.IntN(3))
	for i := range 1 + g.IntN(3) {
		http.add(g.server(i))
	}
	return block("", line("error_log logs/error.log warn;").keep(), line("pid logs/nginx.pid;").keep(), line("events { worker_connections 256; }").keep(), http)
}

func (g gen) mapping(name string) *node {
	m := block(g.expand("map <key>") + " $" + name).keep()
	seen := map[string]bool{}
	for range 1 + g.IntN(4) {
		text := g.expand("<mapline>")
		key, _, _ := strings.Cut(text, " ")
		if !seen[key] {
			seen[key] = true
			m.add(line(text))
		}
	}
	if g.chance(10) && !seen["hostnames;"] {
		m.kids = slices.Insert(m.kids, 0, line("hostnames;"))
	}
	return m
}

func (g gen) server(i int) *node {
	listen := "listen %%ADDR%%;"
	if i == 0 {
		listen = "listen %%ADDR%% default_server;"
	}
	s := block("server", line(listen).keep(), line("set $v1 one; set $v2 two;").keep())
	if i == 0 {
		s.keep()
	}
	if g.chance(70) {
		s.add(line(g.expand("server_name <names>;")))
	}
	if g.chance(70) {
		s.add(line("root html;"))
	}
	if g.chance(20) {
		s.add(line(g.expand("<http>")))
	}
	g.settings(s, g.IntN(5))
	seen := map[string]bool{}
	for range 2 + g.IntN(7) {
		head := "location " + g.expand("<location>")
		if seen[head] {
			continue
		}
		seen[head] = true
		s.add(g.location(head, 0))
	}
	named := g.location("location @named", 1)
	if len(named.kids) == 0 {
		named.add(line("return 200 named;"))
	}
	s.add(named.keep())
	s.add(block("location /auth/", line("internal;"), line("proxy_pass http://%%UPSTREAM%%;")).keep())
	s.add(block("location /mirror", line("internal;"), line("proxy_pass http://%%UPSTREAM_2%%;")).keep())
	s.add(block("location /post", line("internal;"), line("return 200 post;")).keep())
	return s
}

func (g gen) location(head string, depth int) *node {
	l := block(head)
	text := g.expand("<content>")
	named := strings.Contains(head, "@")
	regex := strings.Contains(head, "~ ") || strings.Contains(head, "~* ")
	if text != "" && !(named && strings.Contains(text, "alias")) {
		if regex && strings.Contains(text, "proxy_pass") || named && strings.Contains(text, "proxy_pass") {
			text = g.one("proxy_pass http://%%UPSTREAM%%;", "proxy_pass http://u1;", "set $be u1; proxy_pass http://$be/$1;")
		}
		l.add(line(text))
	}
	g.settings(l, g.IntN(5))
	if depth == 0 && g.chance(20) && !strings.Contains(head, "= ") {
		nested := g.expand("<nested>")
		if !regex && g.chance(60) {
			prefix := strings.TrimPrefix(strings.TrimPrefix(head, "location "), "^~ ")
			nested = g.one("", "", "= ", "^~ ") + strings.TrimSuffix(prefix, "/") + "/" + g.expand("<below>")
		}
		l.add(g.location("location "+nested, 1))
	}
	return l
}

// onlyLocation are words that servers and http do not take, onlyServer those that http does not.
var (
	onlyLocation = []string{"limit_except", "internal", "alias", "proxy_pass ", "empty_gif", "post_action"}
	onlyServer   = []string{"set ", "if ", "rewrite ", "break", "valid_referers", "secure_link ", "try_files"}
)

// settings adds directives to a block, none twice that may not be.
func (g gen) settings(n *node, count int) {
	location := strings.HasPrefix(n.text, "location")
	seen := map[string]bool{}
	for _, k := range n.kids {
		for _, w := range directives(k.text) {
			seen[w] = true
		}
	}
	for range count {
		text := g.one(grammar["any"]...)
		if text == "<if>" && !location {
			text = "<sif>"
		}
		text = g.expand(text)
		words := directives(text)
		refuses := func(words []string) bool {
			return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(text, w) || strings.Contains(text, " "+w) })
		}
		if !location && refuses(onlyLocation) || n.text == "http" && refuses(onlyServer) ||
			slices.ContainsFunc(words, func(w string) bool { return seen[w] && !repeated[w] }) {
			continue
		}
		for _, w := range words {
			seen[w] = true
		}
		n.add(line(text))
	}
}

// directives are the first words of a line with several of them.
func directives(text string) (words []string) {
	head, _, _ := strings.Cut(text, "{")
	if head != text {
		text = head
	}
	for d := range strings.SplitSeq(text, ";") {
		if f := strings.Fields(d); len(f) > 0 {
			words = append(words, f[0])
		}
	}
	return words
}
