package settings

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// AliasRegex as AliasLen means that alias gives the whole path: it stands in a
// regex location.
const AliasRegex = -1

// setRoot handles root and alias.
func (e *Env) setRoot(c *Core, cmd *conf.Cmd) error {
	name := cmd.Name.Value
	alias := name == "alias"
	if c.rootBlock == cmd.Block {
		if c.Alias == alias {
			return cmd.Bad("is duplicate")
		}
		other := "root"
		if c.Alias {
			other = "alias"
		}
		return cmd.Errorf(`"%s" directive is duplicate, "%s" directive was specified earlier`, name, other)
	}
	l, located := e.Place(cmd.Block)
	if alias && l.Named {
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
	v, err := e.Compile(text)
	if err != nil {
		return cmd.Errorf("%s", err.Error())
	}
	c.Root, c.rootBlock, c.Alias, c.AliasLen = v, cmd.Block, alias, 0
	if alias && located {
		c.AliasLen = len(l.Name)
		if l.Regex {
			c.AliasLen = AliasRegex
		}
	}
	return nil
}

// Finish completes the settings of a block. around are those of the block around it, nil for none.
func (c *Core) Finish(l *conf.Loader, around *Core) {
	if c.Root == nil {
		c.Root = script.Literal(l.FullPath("html"))
	}
	if c.ErrorPages.Items == nil && around != nil {
		c.ErrorPages = around.ErrorPages
	}
	c.OpenFiles.finish()
}
