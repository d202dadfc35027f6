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
	words := make([]string, 0, len(n.Args))
	for i := range n.Args {
		words = append(words, strings.Join(strings.Fields(n.Args[i].Raw), " "))
	}
	if n.IsBlock && len(n.Args) == 0 {
		return fmt.Sprintf("{ %s }", count(len(n.Children), "line"))
	}
	return strings.Join(words, " ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// describe is a block.
func describe(b *conf.Block) *Block {
	if b == nil || b.Node == nil {
		return nil
	}
	return &Block{Kind: b.Context.String(), Text: statement(b.Node), At: place(b.Node)}
}

// kind is the word that people have for a block's kind.
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
