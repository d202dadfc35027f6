// Package rewrite changes requests before they are served: nginx's
// ngx_http_rewrite_module with set, if, rewrite, return, break, rewrite_log
// and uninitialized_variable_warn.
//
//	set $backend a;
//	if ($http_cookie ~ "beta=(\w+)") {
//		set $backend $1;
//	}
//	rewrite ^/old/(.*)$ /new/$1?from=old last;
//	return 200 "ok";
//
// While the configuration is read, every block collects its instructions; once
// it is complete, those of a server or location and of the if blocks inside it
// become one flat list with jumps over the ifs that do not hold. A server's
// list runs before the location is chosen, a location's after. An if that
// holds in a location makes its block the location in effect.
//
// Files: rewrite.go reads the directives, condition.go the condition of if,
// program.go runs the instructions, rule.go runs the rewrite directive.
//
// A deviation: nginx evaluates a text twice, once for its length and once for
// its bytes, so that a capture in front of a map with a regular expression can
// change in between; here each part is evaluated once, in order.
package rewrite
