package httpd

import (
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
