package parser

import (
	"strings"
	"testing"

	"github.com/tufanbarisyildirim/gonginx/config"
)

// gonginxText writes a tree the way gonginx's dumper reads it, through gonginx's
// interfaces only.
func gonginxText(b config.IBlock, out *strings.Builder) {
	for _, d := range b.GetDirectives() {
		for _, c := range d.GetComment() {
			out.WriteString(c + "\n")
		}
		out.WriteString(d.GetName())
		for _, p := range d.GetParameters() {
			out.WriteString(" " + p.GetValue())
		}
		switch {
		case d.GetBlock() != nil:
			out.WriteString("{\n")
			gonginxText(d.GetBlock(), out)
			out.WriteString("}")
		case d.GetName() != "":
			out.WriteString(";")
		}
		for _, c := range d.GetInlineComment() {
			out.WriteString(c.Value)
		}
		out.WriteString("\n")
	}
}

func TestGonginx(t *testing.T) {
	f := Parse("/etc/nginx.conf", []byte(`# one
a "b c" # two
  d; # three
http { # four
    server { listen 80; listen 81; }
    # five
} # six
# seven
`))
	c := f.Gonginx()
	var out strings.Builder
	gonginxText(c, &out)
	g := Parse("x", []byte(out.String()))
	if got, want := outline(g.Body), outline(f.Body); got != want || len(g.Errors()) > 0 {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, n := range strings.Fields("one two three four five six seven") {
		if strings.Count(out.String(), "# "+n+"\n") != 1 {
			t.Errorf("comment %s in\n%s", n, &out)
		}
	}
	found := c.FindDirectives("listen")
	if len(found) != 2 || found[1].GetParameters()[0].GetValue() != "81" {
		t.Fatalf("got %v", found)
	}
	if p := found[0].GetParent(); p.GetName() != "server" || p.GetParent().GetName() != "http" || p.GetBlock().GetParent() != p {
		t.Errorf("parent of listen is %v", p)
	}
	if c.FilePath != "/etc/nginx.conf" || found[0].GetLine() != 5 {
		t.Errorf("%s:%d", c.FilePath, found[0].GetLine())
	}
	if lines := f.Body[0].GetParameters(); lines[0].GetRelativeLineIndex() != 0 || lines[1].GetRelativeLineIndex() != 1 {
		t.Errorf("got %v", lines)
	}
}

func TestGonginxSetters(t *testing.T) {
	f := Parse("x", []byte("#old\na {\n b; #old\n}"))
	a := f.Body[0]
	b := a.Block[0]
	a.SetComment([]string{"# new"})
	b.SetInlineComment(config.InlineComment{Value: "# new, too"})
	b.SetLine(7)
	b.SetParent(nil)
	if b.GetLine() != 7 || b.GetParent() != nil {
		t.Error("line or parent was not set")
	}
	got, err := Format(f)
	if want := "# new\na {\n    b; # new, too\n}\n"; err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestGonginxLeavesErrorsOut(t *testing.T) {
	f := Parse("x", []byte("a; ; b { ; c; }"))
	var out strings.Builder
	gonginxText(f.Gonginx(), &out)
	if want := "a;\nb{\nc;\n}\n"; out.String() != want {
		t.Errorf("got %s", &out)
	}
}
