package httpd

import (
	"bytes"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/openfile"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// aliasRegex as aliasLen means that alias gives the whole path: it stands in a
// regex location.
const aliasRegex = -1

// setRoot handles root and alias.
func (b *Builder) setRoot(c *Core, cmd *conf.Cmd) error {
	name := cmd.Name.Value
	alias := name == "alias"
	if c.rootBlock == cmd.Block {
		if c.alias == alias {
			return cmd.Bad("is duplicate")
		}
		other := "root"
		if c.alias {
			other = "alias"
		}
		return cmd.Errorf(`"%s" directive is duplicate, "%s" directive was specified earlier`, name, other)
	}
	l := b.locs.Of(cmd.Block)
	if alias && l != nil && l.Named {
		return cmd.Errorf(`the "alias" directive cannot be used inside the named location`)
	}
	text := cmd.Arg(0)
	for _, v := range []string{"document_root", "realpath_root"} {
		if strings.Contains(text, "$"+v) || strings.Contains(text, "${"+v+"}") {
			return cmd.Errorf(`the $%s variable cannot be used in the "%s" directive`, v, name)
		}
	}
	if !alias && strings.HasSuffix(text, "/") {
		text = text[:len(text)-1]
	}
	if !strings.HasPrefix(text, "$") {
		text = cmd.Loader.FullPath(text)
	}
	v, err := b.Vars.Compile(text)
	if err != nil {
		return cmd.Errorf("%s", err.Error())
	}
	c.root, c.rootBlock, c.alias, c.aliasLen = v, cmd.Block, alias, 0
	if alias && l != nil {
		c.aliasLen = len(l.Name)
		if l.Regex != nil {
			c.aliasLen = aliasRegex
		}
	}
	return nil
}

// finishCore fills in what has no literal default.
func (b *Builder) finishCore(block *conf.Block, c *Core) error {
	if c.root == nil {
		c.root = script.Literal(b.Loader.FullPath("html"))
	}
	if c.errorPages.Items == nil && block.Parent != nil {
		c.errorPages = b.core.Of(block.Parent).errorPages
	}
	c.openCache.finish()
	return nil
}

// Root returns $document_root: root or alias as it holds here.
func (r *Request) Root() []byte {
	core := r.loc.Core
	root := core.root.Eval(r)
	if len(root) == 0 || root[0] != '/' {
		root = r.Join([]byte(r.cfg.prefix), root)
	}
	return root
}

// MapURI returns the path of the file that the URI stands for. ok is false,
// and the reason logged, if there is none.
func (r *Request) MapURI() (path []byte, ok bool) { return r.MapPath(r.URI) }

// MapPath is MapURI for a given URI inside the location.
func (r *Request) MapPath(uri []byte) (path []byte, ok bool) {
	core := r.loc.Core
	if core.alias && !r.validLocation {
		r.Logf(levelAlert, nil, `"alias" cannot be used in location "%s" where URI was rewritten`, r.loc.Name)
		return nil, false
	}
	root := r.Root()
	if core.aliasLen == aliasRegex && core.alias {
		if r.addURIToAlias {
			return r.Join(root, uri), true
		}
		return root, true
	}
	return r.Join(root, uri[min(core.aliasLen, len(uri)):]), true
}

// IsAlias reports whether alias is in effect, and whether it gives whole paths
// (regex locations).
func (r *Request) IsAlias() (alias, whole bool) {
	return r.loc.Core.alias, r.loc.Core.alias && r.loc.Core.aliasLen == aliasRegex
}

// AliasLen returns how much of the URI alias replaces.
func (r *Request) AliasLen() int { return max(r.loc.Core.aliasLen, 0) }

// Ext returns the file name extension of the URI, without the dot.
func (r *Request) Ext() []byte {
	u := r.URI
	for i := len(u) - 1; i > 1; i-- {
		switch {
		case u[i] == '.' && u[i-1] != '/':
			return u[i+1:]
		case u[i] == '/':
			return nil
		}
	}
	return nil
}

// SetContentType sets Content-Type by the URI's extension, unless it is set.
func (r *Request) SetContentType() {
	if len(r.Out.ContentType) > 0 {
		return
	}
	r.Out.ContentType = r.loc.Core.typeOf(r.Ext())
	r.Out.CharsetSet = true
}

// OnFolder reports whether the URI ends with a slash. In place of one that
// try_files made empty the last byte of the root counts, which is all of the
// path.
func (r *Request) OnFolder() bool {
	if n := len(r.URI); n > 0 {
		return r.URI[n-1] == '/'
	}
	return r.emptyOnSlash
}

// Open opens a file as open_file_cache, disable_symlinks and the content cache
// ask. Close info after use.
func (r *Request) Open(path []byte, info *openfile.Info, testOnly bool) error {
	core := r.loc.Core
	var o openfile.Options
	o.TestOnly = testOnly
	if oc := &core.openCache; oc.cache != nil {
		o.Files, o.Valid, o.MinUses, o.Errors = oc.cache, oc.validity, oc.minUses, oc.errors
	}
	if core.disableLinks != openfile.SymlinksAllowed {
		var from []byte
		if core.linksFrom != nil {
			from = core.linksFrom.Eval(r)
		}
		o.SetSymlinks(core.disableLinks, path, from)
	}
	if e := r.cfg.files.Open(path, &o, info); e != 0 {
		return e
	}
	return nil
}

// File returns the request's own place for an open file; it is closed with the
// request.
func (r *Request) File() *openfile.Info { return r.file }

type tryFile struct {
	value *script.Value
	dir   bool
	code  int
}

// setTryFiles handles the try_files directive. It is not inherited, not even by
// an if in the same location.
func (b *Builder) setTryFiles(cmd *conf.Cmd) error {
	l := b.locs.Of(cmd.Block)
	n := len(cmd.Args)
	for i, a := range cmd.Args {
		name := a.Value
		t := tryFile{code: -1}
		last := i == n-1
		if !last && strings.HasSuffix(name, "/") {
			t.dir = true
			name = name[:len(name)-1]
		}
		if last && strings.HasPrefix(name, "=") {
			code, ok := conf.ParseInt(name[1:])
			if !ok || code > 999 {
				return cmd.Errorf(`invalid code "%s"`, name)
			}
			if code > 0 { // else a path
				t.code = code
			}
		}
		v, err := b.Vars.Compile(name)
		if err != nil {
			return cmd.Errorf("%s", err.Error())
		}
		t.value = v
		l.tryFiles = append(l.tryFiles, t)
	}
	return nil
}

func (b *Builder) planTryFiles(p *Plan) {
	if files := p.Location.tryFiles; files != nil {
		p.PreContent(func(r *Request) Result { return r.tryFiles(files) })
	}
}

// tryFiles looks for the first name that exists.
func (r *Request) tryFiles(files []tryFile) Result {
	last := len(files) - 1
	for i := range files[:last] {
		if rc := r.tryFile(&files[i]); rc != OK {
			return rc
		}
	}
	return r.tryLast(&files[last])
}

// of returns the name, for a request. Where alias gives a part of the path only, a
// name that begins with the location's does so because of a variable.
func (f *tryFile) of(r *Request) []byte {
	name := f.value.Eval(r)
	if alias, whole := r.IsAlias(); alias && !whole {
		if _, static := f.value.Static(); !static && bytes.HasPrefix(name, r.URI[:min(r.AliasLen(), len(r.URI))]) {
			return name[r.AliasLen():]
		}
	}
	return name
}

// tryFile makes the name the URI if it exists, and returns Declined then; OK says
// that it does not.
func (r *Request) tryFile(f *tryFile) Result {
	alias, whole := r.IsAlias()
	name := f.of(r)
	root := r.Root()
	if alias && !r.validLocation {
		_, _ = r.MapURI() // which logs it
		return StatusInternalServerError
	}
	path := r.Join(root, name)
	if r.Debugging() {
		kind := "file"
		if f.dir {
			kind = "dir"
		}
		r.Debugf(`trying to use %s: "%s" "%s"`, kind, name, path)
	}
	var info openfile.Info
	err := r.Open(path, &info, true)
	isDir, failed := err == nil && info.IsDir(), info.Failed
	info.Close()
	found := err == nil && isDir == f.dir
	if err != nil && !notFound(err) {
		r.Logf(levelCrit, err, `%s "%s" failed`, failed, path)
	}
	r.trace(Event{Kind: EventTried, Text: path, On: found})
	if !found {
		return OK
	}
	r.emptyOnSlash = len(root) > 0 && root[len(root)-1] == '/'
	switch {
	case !alias:
		r.URI = name
	case whole:
		if !f.dir {
			r.URI = name
			r.addURIToAlias = true
		}
	default:
		r.URI = r.Join(r.URI[:r.AliasLen()], name)
	}
	return Declined
}

// tryLast goes where the last argument says.
func (r *Request) tryLast(f *tryFile) Result {
	switch rc := Result(f.code); {
	case rc >= 300 || rc == StatusCreated || rc == StatusNoContent:
		return rc
	case rc > 0:
		return Done // nginx has no answer for these
	}
	target := f.of(r)
	if len(target) > 0 && target[0] == '@' {
		return r.NamedLocation(target)
	}
	uri, args := splitArgs(target)
	if args == nil {
		args = target[:0] // known, and empty
	}
	return r.InternalRedirect(uri, args)
}

// set reads the open_file_cache directive.
func (o *openFileCache) set(b *Builder, cmd *conf.Cmd) error {
	o.max, o.inactive, o.off = 0, 60, false
	for i := range cmd.Args {
		a := cmd.Arg(i)
		ok := false
		switch {
		case strings.HasPrefix(a, "max="):
			o.max, ok = conf.ParseInt(a[4:])
			ok = ok && o.max > 0
		case strings.HasPrefix(a, "inactive="):
			o.inactive, ok = conf.ParseSec(a[9:])
		case a == "off":
			o.off, ok = true, true
		}
		if !ok {
			return cmd.Errorf(`invalid "open_file_cache" parameter "%s"`, a)
		}
	}
	if !o.off && o.max == 0 {
		return cmd.Errorf(`"open_file_cache" must have the "max" parameter`)
	}
	o.cache = nil
	if !o.off {
		o.cache = openfile.NewFileCache(o.max, msec(o.inactive*1000))
		b.Env.Resources.OnRetire(o.cache.Close)
	}
	return nil
}

func (o *openFileCache) finish() { o.validity = msec(o.valid * 1000) }

// setDisableSymlinks reads the disable_symlinks directive.
func (b *Builder) setDisableSymlinks(c *Core, cmd *conf.Cmd) error {
	policy, given := openfile.SymlinksAllowed, false
	var from *script.Value
	for i := range cmd.Args {
		a := cmd.Arg(i)
		if text, ok := strings.CutPrefix(a, "from="); ok {
			if from != nil {
				return cmd.Errorf(`duplicate parameters "%s %s"`, cmd.Arg(0), cmd.Arg(1))
			}
			v, err := b.Vars.Compile(text)
			if err != nil {
				return cmd.Errorf("%s", err.Error())
			}
			from = v
			continue
		}
		p, ok := symlinkWords[a]
		if !ok {
			return cmd.Errorf(`invalid parameter "%s"`, a)
		}
		if given {
			return cmd.Errorf(`duplicate parameters "%s %s"`, cmd.Arg(0), cmd.Arg(1))
		}
		policy, given = p, true
	}
	if !given {
		return cmd.Errorf(`"%s" must have "off", "on" or "if_not_owner" parameter`, cmd.Name.Value)
	}
	if policy == openfile.SymlinksAllowed && from != nil {
		return cmd.Errorf(`"from=" cannot be used with "off" parameter`)
	}
	c.disableLinks, c.linksFrom = policy, from
	return nil
}

var symlinkWords = map[string]openfile.Symlinks{
	"off": openfile.SymlinksAllowed, "on": openfile.SymlinksDenied, "if_not_owner": openfile.SymlinksIfOwner,
}
