// Package parser turns the bytes of an nginx configuration file into a tree of
// statements. It corresponds to the tokenizer and the include handling of nginx's
// ngx_conf_module. The only directive that it interprets is include.
//
//	f, err := parser.Load("/etc/nginx/nginx.conf")
//	if err != nil {
//		return err // open() "/etc/nginx/nginx.conf" failed (2: No such file or directory)
//	}
//	for _, d := range f.Body {
//		if d.Err != nil {
//			return d.Err // unexpected "}" in /etc/nginx/nginx.conf:3
//		}
//		if d.Name.Value == "include" && len(d.Args) == 1 {
//			paths, err := parser.Include(d.Args[0].Value, "/etc/nginx/")
//			...
//		}
//	}
//
// # Errors
//
// Parsing never fails. A syntax error becomes a [Directive] whose Err is set, at its
// position in reading order, and reading continues behind it. nginx stops at the first
// error, of the syntax or of a directive: a caller that walks the tree in order and
// stops at the first error prints what nginx prints. A caller that continues gets all
// errors. [File.Errors] lists those of the syntax.
//
// # The 4096-byte rule
//
// nginx reads a file through a buffer of 4096 bytes in which the current word or
// comment must fit. Since the buffer is refilled from the start of that
// word, the rule does not depend on where in the file the word stands: it is
// broken when the reader inspects the byte 4096 places behind the word's first byte
// (behind the quote of a quoted word) before the next word begins. So a word may have
// 4095 bytes if ";" or "{" follows it, but 4094 if white space follows, because the
// byte behind that is inspected, too. The end of the file does not count, and the value
// of -g is not read through that buffer.
//
// # gonginx
//
// [Directive] satisfies config.IDirective of github.com/tufanbarisyildirim/gonginx,
// GetBlock a config.IBlock, and [File.Gonginx] a whole *config.Config, so that
// tools written against gonginx, its dumper included, take these trees. [Format]
// prints by itself: gonginx's dumper drops comments behind "{" and blank lines,
// puts a blank into `"$b")`, which breaks the 4096-byte rule for a word of the greatest
// length, and links a Lua formatter.
//
// # Not supported
//
// The bodies of *_by_lua_block and of similar blocks, whose text is not made of
// nginx statements, are read as nginx without such a module would read them. A
// configuration path in the style of Windows is not recognised.
package parser
