package explain

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sluiceproxy/sluice/runtime"
)

// TestDocs holds the example of docs/explain.md to what is said now.
func TestDocs(t *testing.T) {
	const path = "../../docs/explain.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	conf := fenced(t, text, "nginx")
	shown := fenced(t, text, "text")
	_, command, ok := strings.Cut(text, "    $ sluice explain ")
	if !ok {
		t.Fatal("no command")
	}
	command, _, _ = strings.Cut(command, "\n")
	q := &Question{}
	words := strings.Fields(command)
	for len(words) > 1 && words[0] == "-X" {
		q.Method, words = words[1], words[2:]
	}
	q.URL = words[0]
	dir := lay(t, &txtar.Archive{Files: []txtar.File{{Name: "nginx.conf", Data: []byte(conf)}}})
	x, err := Load(runtime.Options{ConfPath: dir + "/nginx.conf", Prefix: dir + "/"})
	if err != nil {
		t.Fatal(err)
	}
	report, err := x.Explain(q)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := settled(t, report, dir).WriteText(&got); err != nil {
		t.Fatal(err)
	}
	if got.String() == shown {
		return
	}
	if !*update {
		t.Fatalf("docs/explain.md shows something else than\n%s", got.String())
	}
	if err := os.WriteFile(path, []byte(strings.Replace(text, shown, got.String(), 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fenced is the text of the first block of code of a language.
func fenced(t *testing.T, text, language string) string {
	t.Helper()
	_, after, ok := strings.Cut(text, "```"+language+"\n")
	body, _, end := strings.Cut(after, "```")
	if !ok || !end {
		t.Fatalf("no block of %s", language)
	}
	return body
}
