package conf

// refusedBlock is a block of a module that is missing here: its name, where it
// may stand, and its own kind.
type refusedBlock struct {
	name     string
	in, kind Context
}

// Refuse names a block that no module handles. It is refused as a whole, and the
// form of what stands inside, where it is a block of that kind, is checked.
func (l *Loader) Refuse(name string, in, kind Context) {
	l.refused = append(l.refused, refusedBlock{name, in, kind})
}

// enterRefused lets the form of what stands in a block that is refused as a
// whole be checked.
func (c *Cmd) enterRefused(s *Spec) {
	for _, b := range c.Loader.refused {
		if b.name == s.Name && c.Block.In(b.in) {
			child := c.Block.Child(b.kind, c.Node)
			child.refused = true
			c.Enter(child)
		}
	}
}
