package explain

import (
	"fmt"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// statement is a directive as it is written, without its block.
func statement(n *conf.Node) string {
	if n == nil {
		return ""
	}
	if len(n.Args) == 0 {
		return n.Name.Value
	}
	return n.Name.Value + " " + arguments(n)
}

// arguments are the words behind a directive's name; of a block that is a
// value, how much is in it.
func arguments(n *conf.Node) string {
	if n.IsBlock && len(n.Args) == 0 {
		return fmt.Sprintf("{ %s }", count(len(n.Children), "line", "lines"))
	}
	var b strings.Builder
	for i := range n.Args {
		if i > 0 && n.Args[i].Start.Offset != n.Args[i-1].End.Offset { // not as in ($a = "")
			b.WriteByte(' ')
		}
		b.WriteString(strings.Join(strings.Fields(n.Args[i].Raw), " "))
	}
	return b.String()
}

// variable reports whether the last word of a directive has variables.
func variable(n *conf.Node) bool {
	return len(n.Args) > 0 && strings.Contains(n.Args[len(n.Args)-1].Value, "$")
}

// count is a number and the word for one or more.
func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// describe is a block.
func describe(b *conf.Block) *Block {
	if b == nil || b.Node == nil {
		return nil
	}
	return &Block{Kind: b.Context.String(), Text: statement(b.Node), At: place(b.Node)}
}

// describeIn is a block with those around it, up to the server.
func describeIn(b *conf.Block) *Block {
	out := describe(b)
	for b = b.Parent; out != nil && b != nil && !b.In(conf.HTTP); b = b.Parent {
		out.In = append(out.In, *describe(b))
	}
	return out
}

// kind is the word for a kind of block.
func kind(b *conf.Block) string {
	switch b.Context {
	case conf.ServerIf, conf.LocationIf:
		return "if"
	default:
		return b.Context.String()
	}
}

func yes(b bool) *bool { return &b }

// quoted puts text in quotes, for what may be empty or have blanks.
func quoted(text []byte) string { return `"` + string(text) + `"` }
