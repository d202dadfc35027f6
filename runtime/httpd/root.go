package httpd

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
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

// TakeFile makes name, which was found below root, what the URI stands for: try_files.
// dir: it is a folder.
func (r *Request) TakeFile(root, name []byte, dir bool) {
	r.emptyOnSlash = len(root) > 0 && root[len(root)-1] == '/'
	switch alias, whole := r.IsAlias(); {
	case !alias:
		r.URI = name
	case whole:
		if !dir {
			r.URI = name
			r.addURIToAlias = true
		}
	default:
		r.URI = r.Join(r.URI[:r.AliasLen()], name)
	}
}
