package httpd

import (
	"maps"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// typeTable maps file name extensions to media types. Immutable after load.
type typeTable struct {
	byExt map[string][]byte
	at    *conf.Block
}

func defaultTypes() *typeTable {
	return &typeTable{byExt: map[string][]byte{
		"html": []byte("text/html"), "gif": []byte("image/gif"), "jpg": []byte("image/jpeg"),
	}}
}

// setTypes handles a types block; several in one block add up.
func setTypes(c *Core, cmd *conf.Cmd) error {
	if c.types.at != cmd.Block {
		c.types = &typeTable{byExt: map[string][]byte{}, at: cmd.Block}
	}
	for _, n := range cmd.Children {
		switch {
		case n.Err != nil:
			return conf.ItemError(n, "%s", n.Err.Msg)
		case n.IsBlock:
			return conf.ItemError(n, `unexpected "{"`)
		case n.Name.Value == "include":
			return conf.ItemError(n, `invalid number of arguments in "include" directive`)
		}
		value := []byte(n.Name.Value)
		for _, a := range n.Args {
			ext := strings.ToLower(a.Value)
			if old, ok := c.types.byExt[ext]; ok {
				cmd.ItemWarn(n, `duplicate extension "%s", content type: "%s", previous content type: "%s"`, ext, value, old)
			}
			c.types.byExt[ext] = value
		}
	}
	return nil
}

// checkTypes checks the sizes of nginx's hash tables of file name extensions. nginx
// builds one for every types block whose block is a server or a location or contains
// one, and one for every server with the built-in types.
func (b *Builder) checkTypes() error {
	checked := map[*typeTable]bool{}
	for _, s := range b.servers {
		if err := b.checkTypesOf(s.Root.Block, checked); err != nil {
			return err
		}
	}
	return nil
}

// checkTypesOf checks the tables of the block around, of block, and of those in it. The
// sizes are those of the first block that needs a table. t.at is nil for the built-in
// one.
func (b *Builder) checkTypesOf(block *conf.Block, checked map[*typeTable]bool) error {
	hash := block.HashOf("types_hash", 1024, 64)
	for _, around := range []*conf.Block{block.Parent, block} {
		t := b.core.Of(around).types
		if checked[t] || t.at == nil && (around != block || !block.In(conf.Server)) {
			continue
		}
		checked[t] = t.at != nil
		if err := hash.Check(slices.Collect(maps.Keys(t.byExt)), b.Loader.Warnf); err != nil {
			return err
		}
	}
	for _, child := range block.Children() {
		if err := b.checkTypesOf(child, checked); err != nil {
			return err
		}
	}
	return nil
}

// checkVariables refuses variables that nginx's table would not hold, or warns of them.
// An nginx with more modules than are supported here has more names: there may be a
// warning of nginx's that is not given here, never the reverse.
func (b *Builder) checkVariables() error {
	for _, block := range b.Loader.Main.Children() {
		if block.In(conf.HTTP) {
			return block.HashOf("variables_hash", 1024, 64).Check(b.Vars.HashNames(), b.Loader.Warnf)
		}
	}
	return nil
}

// typeOf returns the media type for an extension.
func (c *Core) typeOf(ext []byte) []byte {
	if len(ext) == 0 {
		return c.defaultType
	}
	if t, ok := c.types.byExt[string(ext)]; ok {
		return t
	}
	var low [32]byte
	if len(ext) <= len(low) {
		for i, ch := range ext {
			if 'A' <= ch && ch <= 'Z' {
				ch |= 0x20
			}
			low[i] = ch
		}
		if t, ok := c.types.byExt[string(low[:len(ext)])]; ok {
			return t
		}
	}
	return c.defaultType
}
