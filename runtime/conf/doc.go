// Package conf turns the parser's tree into typed, inherited settings: the
// configuration kernel.
//
// It has nginx's language (where a directive is allowed, how often, with how many
// arguments) from the reference tables under reference/, and does not depend on any
// module. A module contributes a [Section]: a struct and a bind function that ties
// directive names to the struct's own fields, much as package flag does.
//
//	type settings struct {
//		enable bool
//		level  int
//	}
//
//	func bind(c *settings, t *conf.Table) {
//		t.Flag("gzip", &c.enable)
//		t.Int("gzip_comp_level", &c.level, 1, 9)
//	}
//
//	m := loader.Module("ngx_http_gzip_filter_module")
//	gzip := conf.NewSection(m, settings{level: 1}, bind)
//
// # Inheritance
//
// A block's own directives are applied before its child blocks are entered,
// and a child starts from its parent's finished values. So inheritance is a
// copy: a block that mentions no directive of a section shares its parent's
// instance, one that does gets a copy on its first write. Lists that start
// anew in a block that adds to them (add_header, proxy_set_header, ...) are
// [List] fields; they know the block that owns their items.
//
// # Order of messages
//
// nginx reads, sets and reports in reading order and stops at the first
// error. Here all problems are collected. Each has its place in the reading
// order, and the first of them is the one that nginx prints.
//
// # Words
//
// A hint is a directive that is accepted, whose form is checked, and that has no effect
// here (hints.go, hintchecks.go). An unlisted directive is one that a module registers and
// that the reference does not list for it (audit.go).
package conf
