package conf

import (
	"cmp"
	"slices"
)

// Setting is a directive that was applied to a block, as [Loader.Record] keeps
// it.
type Setting struct {
	Spec *Spec
	Node *Node
	// Inherited: blocks inside take the value over, unless they have one of
	// their own.
	Inherited bool
	// Hint: the directive is accepted and has no effect.
	Hint bool
}

// Record makes the loader keep which directives each block was given, for
// commands that show where a value comes from. Call it before Load. Without it
// nothing is kept.
func (l *Loader) Record() { l.recorded = map[*Block][]Setting{} }

// Settings returns the directives that were given in b itself, in the order of
// the file; nothing unless Record was called.
func (l *Loader) Settings(b *Block) []Setting { return l.recorded[b] }

// record notes a directive that was applied.
func (l *Loader) record(c *Cmd, r *row) {
	if l.recorded == nil {
		return
	}
	l.recorded[c.Block] = append(l.recorded[c.Block], Setting{
		Spec: r.spec, Node: c.Node, Inherited: r.inherited, Hint: r.status == Hint,
	})
}

// Inherited returns the directives whose values blocks take over from the block
// around them, by module, in the order of modules, and by name.
func (l *Loader) Inherited() []*Spec {
	order := map[string]int{}
	for _, m := range l.modules {
		order[m.Name] = m.order
	}
	var specs []*Spec
	for _, rows := range l.rows {
		for _, r := range rows {
			if r.inherited {
				specs = append(specs, r.spec)
			}
		}
	}
	slices.SortFunc(specs, func(a, b *Spec) int {
		return cmp.Or(
			cmp.Compare(order[a.Module], order[b.Module]), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Contexts, b.Contexts),
		)
	})
	return specs
}
