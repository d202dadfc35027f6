package route

import "strings"

// tree is a radix tree of location names. The children of a node lie next to each other in nodes; the root comes first
// and stands for the empty name.
type tree struct {
	nodes []treeNode
}

type treeNode struct {
	label string // what leads here from the parent
	keys  string // the first bytes of the children's labels
	first int32  // the first child
	exact int32  // the location with exactly this name, -1 none
	below int32  // the prefix location of this name, -1 none
	slash int32  // the location to redirect to if only a final slash is missing to reach it, -1 none
}

// match says how a location was found.
type match uint8

const (
	foundPrefix match = iota
	foundExact
	foundRedirect
)

// find returns the location for uri, -1 if there is none.
func (t *tree) find(uri []byte) (at int32, how match) {
	at = -1
	if len(t.nodes) == 0 {
		return at, foundPrefix
	}
	n := &t.nodes[0]
	for {
		if n.below >= 0 {
			at = n.below
		}
		if len(uri) == 0 {
			return n.finish(at, t)
		}
		i := index(n.keys, uri[0])
		if i < 0 {
			return at, foundPrefix
		}
		n = &t.nodes[int(n.first)+i]
		if len(uri) < len(n.label) {
			if n.slash >= 0 && len(uri)+1 == len(n.label) && string(uri) == n.label[:len(uri)] {
				return n.slash, foundRedirect
			}
			return at, foundPrefix
		}
		if string(uri[:len(n.label)]) != n.label {
			return at, foundPrefix
		}
		uri = uri[len(n.label):]
	}
}

// index is strings.IndexByte, faster for the few keys that most nodes have.
func index(keys string, c byte) int {
	if len(keys) > 8 {
		return strings.IndexByte(keys, c)
	}
	for i := 0; i < len(keys); i++ {
		if keys[i] == c {
			return i
		}
	}
	return -1
}

// finish decides for a URI that ends at n, for which at is the longest prefix.
func (n *treeNode) finish(at int32, t *tree) (int32, match) {
	switch {
	case n.exact >= 0:
		return n.exact, foundExact
	case n.below >= 0:
		return at, foundPrefix
	}
	if i := index(n.keys, '/'); i >= 0 {
		if child := &t.nodes[int(n.first)+i]; child.slash >= 0 && len(child.label) == 1 {
			return child.slash, foundRedirect
		}
	}
	return at, foundPrefix
}

// treeBuilder grows a tree name by name.
type treeBuilder struct {
	root *growing
}

type growing struct {
	label        string
	children     []*growing
	exact, below int32
	redirect     bool
}

// add inserts a location and reports whether its name was free.
func (b *treeBuilder) add(name string, at int32, exact, redirect bool) bool {
	if b.root == nil {
		b.root = &growing{exact: -1, below: -1}
	}
	n := b.root.reach(name)
	place := &n.below
	if exact {
		place = &n.exact
	}
	if *place >= 0 {
		return false
	}
	*place = at
	n.redirect = n.redirect || redirect && strings.HasSuffix(name, "/")
	return true
}

// reach returns the node for name below n, which it makes if it must.
func (n *growing) reach(name string) *growing {
	for name != "" {
		child := n.child(name[0])
		if child == nil {
			child = &growing{label: name, exact: -1, below: -1}
			n.children = append(n.children, child)
			return child
		}
		common := 0
		for common < len(name) && common < len(child.label) && name[common] == child.label[common] {
			common++
		}
		if common < len(child.label) {
			child.split(common)
		}
		n, name = child, name[common:]
	}
	return n
}

func (n *growing) child(c byte) *growing {
	for _, child := range n.children {
		if child.label[0] == c {
			return child
		}
	}
	return nil
}

// split makes n the node of the first bytes of its label, with the rest as its child.
func (n *growing) split(at int) {
	rest := *n
	rest.label = n.label[at:]
	*n = growing{label: n.label[:at], children: []*growing{&rest}, exact: -1, below: -1}
}

// flatten lays the tree out for lookups.
func (b *treeBuilder) flatten() tree {
	var t tree
	if b.root == nil {
		return t
	}
	queue := []*growing{b.root}
	for i := 0; i < len(queue); i++ {
		n := queue[i]
		out := treeNode{label: n.label, first: int32(len(queue)), exact: n.exact, below: n.below, slash: -1}
		if n.redirect {
			out.slash = n.below
			if n.exact >= 0 {
				out.slash = n.exact
			}
		}
		keys := make([]byte, len(n.children))
		for j, child := range n.children {
			keys[j] = child.label[0]
		}
		out.keys = string(keys)
		t.nodes = append(t.nodes, out)
		queue = append(queue, n.children...)
	}
	return t
}
