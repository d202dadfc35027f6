package httpd

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd/mediatype"
)

// checkTypes checks the sizes of nginx's hash tables of file name extensions. nginx
// builds one for every types block whose block is a server or a location or contains
// one, and one for every server with the built-in types.
func (b *Builder) checkTypes() error {
	checked := map[*mediatype.Table]bool{}
	for _, s := range b.servers {
		if err := b.checkTypesOf(s.Root.Block, checked); err != nil {
			return err
		}
	}
	return nil
}

// checkTypesOf checks the tables of the block around, of block, and of those in it. The
// sizes are those of the first block that needs a table.
func (b *Builder) checkTypesOf(block *conf.Block, checked map[*mediatype.Table]bool) error {
	hash := block.HashOf("types_hash", 1024, 64)
	for _, around := range []*conf.Block{block.Parent, block} {
		t := b.core.Of(around).Types
		if checked[t] || t.IsBuiltIn() && (around != block || !block.In(conf.Server)) {
			continue
		}
		checked[t] = !t.IsBuiltIn()
		if err := hash.Check(t.Extensions(), b.Loader.Warnf); err != nil {
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
