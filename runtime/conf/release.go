package conf

import "strings"

// Release drops everything that only loading needs. Call it once, when the configuration is complete and the statements,
// problems and settings of the Loader are not needed any more. Commands that explain a configuration do not call it.
//
// Handlers, settings and messages keep pointers to the Block or the Node that they were made from. Both stay, and a Block
// keeps its kind, its parents and its settings, but neither leads to the statements any more: whatever a configuration
// points to, the tree of the parser is garbage from here on. Of the Loader the paths stay.
func (l *Loader) Release() {
	for _, n := range l.Nodes {
		n.release(&l.pause)
	}
	l.Main.release(&l.pause)
	*l = Loader{ConfPath: l.ConfPath, Prefix: l.Prefix, Layout: l.Layout, Inputs: Files{}, Main: l.Main, RawSockets: l.RawSockets}
}

// release cuts a statement, and those inside, off the tree.
func (n *Node) release(p *pause) {
	p.due()
	for _, child := range n.Children {
		child.release(p)
	}
	*n = Node{Seq: n.Seq, EndSeq: n.EndSeq}
}

// release drops the parts of a block that only loading needs.
func (b *Block) release(p *pause) {
	p.due()
	for _, child := range b.children {
		child.release(p)
	}
	b.Node, b.children, b.seen, b.hashSizes, b.memory = nil, nil, nil, nil, nil
}

// detach copies the values of a statement's arguments, which share the memory of the file's text, into memory of their
// own: what a handler keeps of them does not keep the text. A handler that reads the statements inside its block copies
// what it keeps of those.
func (n *Node) detach() {
	size := 0
	for i := range n.Args {
		size += len(n.Args[i].Value)
	}
	if size == 0 {
		return
	}
	var b strings.Builder
	b.Grow(size)
	for i := range n.Args {
		b.WriteString(n.Args[i].Value)
	}
	text := b.String()
	for i := range n.Args {
		end := len(n.Args[i].Value)
		n.Args[i].Value, text = text[:end], text[end:]
	}
}
