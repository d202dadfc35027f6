package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// gateways are what the applications of a configuration may speak in place of HTTP.
var gateways = []string{"fastcgi", "uwsgi", "scgi"}

// has reports whether nginx has a directive.
func has(name string) bool {
	return slices.ContainsFunc(conf.Reference(), func(s conf.Spec) bool { return s.Name == name })
}

var (
	proxyDirective = regexp.MustCompile(`\bproxy_([a-z0-9_]+)([^;{}]*);`)
	passTo         = regexp.MustCompile(`^ http://([^/;]+?)(/.*)?$`)
	blanks         = regexp.MustCompile(`  +`)
)

// speak makes a configuration for applications that speak a gateway protocol.
func (n *node) speak(protocol string) {
	n.text = speak(n.text, protocol)
	for _, k := range n.kids {
		k.speak(protocol)
	}
	if n.text != "http" {
		return
	}
	lacks := func(directive string) bool {
		return !slices.ContainsFunc(n.kids, func(k *node) bool { return strings.Contains(k.text, protocol+directive) })
	}
	if lacks("_param") {
		n.add(line(essentialParams(protocol)).keep())
	}
	if lacks("_cache_key") {
		n.add(line(protocol + "_cache_key $uri$is_args$args;"))
	}
}

func speak(text, protocol string) string {
	params := false
	text = proxyDirective.ReplaceAllStringFunc(text, func(d string) string {
		m := proxyDirective.FindStringSubmatch(d)
		name, args := m[1], m[2]
		switch {
		case name == "cache_path":
			return protocol + "_cache_path" + args + ";"
		case name == "set_header":
			params = true
			return protocol + "_param" + args + ";"
		case name == "pass":
			return protocol + "_pass " + passTo.ReplaceAllString(args, "$1") + ";"
		case !has(protocol + "_" + name):
			return ""
		}
		return protocol + "_" + name + strings.ReplaceAll(args, "$proxy_host", "$host") + ";"
	})
	if params { // those of the block around it do not count any more
		text += " " + essentialParams(protocol)
	}
	return strings.TrimSpace(blanks.ReplaceAllString(text, " "))
}

// essentialParams are what an application cannot do without.
func essentialParams(protocol string) string {
	return strings.ReplaceAll("P SCRIPT_NAME $uri; P REQUEST_METHOD $request_method; P CONTENT_LENGTH $content_length; P QUERY_STRING $query_string;", "P", protocol+"_param")
}

var statusLine = regexp.MustCompile(`(?m)^(-- upstream2?/\S+ --\n)HTTP/1\.[01] `)

// worldOf is world with applications that speak a protocol; empty: HTTP.
func worldOf(protocol string) string {
	switch protocol {
	case "":
		return world
	case "fastcgi":
		return "protocol: fastcgi" + statusLine.ReplaceAllString(world, "${1}Status: ")
	}
	return "protocol: " + protocol + world
}
