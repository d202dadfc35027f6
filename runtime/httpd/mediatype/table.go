package mediatype

import (
	"maps"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// Table maps file name extensions to media types: a types block. Immutable after load.
type Table struct {
	byExt map[string][]byte
	at    *conf.Block
}

// BuiltIn returns the types that hold without a types block.
func BuiltIn() *Table {
	return &Table{byExt: map[string][]byte{
		"html": []byte("text/html"), "gif": []byte("image/gif"), "jpg": []byte("image/jpeg"),
	}}
}

// Read reads a types block and returns the table that holds where it stands, which is t
// with more types if t was read there, too.
func (t *Table) Read(cmd *conf.Cmd) (*Table, error) {
	if t.at != cmd.Block {
		t = &Table{byExt: map[string][]byte{}, at: cmd.Block}
	}
	for _, n := range cmd.Children {
		switch {
		case n.Err != nil:
			return nil, conf.ItemError(n, "%s", n.Err.Msg)
		case n.IsBlock:
			return nil, conf.ItemError(n, `unexpected "{"`)
		case n.Name.Value == "include":
			return nil, conf.ItemError(n, `invalid number of arguments in "include" directive`)
		}
		value := []byte(n.Name.Value)
		for _, a := range n.Args {
			ext := strings.ToLower(a.Value)
			if old, ok := t.byExt[ext]; ok {
				cmd.ItemWarn(n, `duplicate extension "%s", content type: "%s", previous content type: "%s"`, ext, value, old)
			}
			t.byExt[ext] = value
		}
	}
	return t, nil
}

// IsBuiltIn reports whether t was read from no types block.
func (t *Table) IsBuiltIn() bool { return t.at == nil }

// Extensions returns the extensions that have a type.
func (t *Table) Extensions() []string { return slices.Collect(maps.Keys(t.byExt)) }

// Of returns the type for an extension, other where there is none.
func (t *Table) Of(ext, other []byte) []byte {
	if len(ext) == 0 {
		return other
	}
	if found, ok := t.byExt[string(ext)]; ok {
		return found
	}
	var low [32]byte
	if len(ext) <= len(low) {
		for i, ch := range ext {
			if 'A' <= ch && ch <= 'Z' {
				ch |= 0x20
			}
			low[i] = ch
		}
		if found, ok := t.byExt[string(low[:len(ext)])]; ok {
			return found
		}
	}
	return other
}
