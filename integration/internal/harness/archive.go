package harness

import (
	"bytes"
	"strings"
)

// file is one file of a txtar archive.
type file struct {
	name string
	data string
}

// parseArchive splits the text of a txtar archive into its comment and its files. Every text is a valid archive.
func parseArchive(text []byte) (comment string, files []file) {
	body := &comment
	var b strings.Builder
	flush := func() {
		*body = b.String()
		b.Reset()
	}
	for line := range bytes.Lines(text) {
		name, ok := fileMarker(line)
		if !ok {
			b.Write(line)
			continue
		}
		flush()
		files = append(files, file{name: name})
		body = &files[len(files)-1].data
	}
	flush()
	return comment, files
}

// fileMarker returns NAME of a line `-- NAME --`.
func fileMarker(line []byte) (name string, ok bool) {
	s := strings.TrimRight(string(line), "\r\n")
	s, head := strings.CutPrefix(s, "-- ")
	s, tail := strings.CutSuffix(s, " --")
	s = strings.TrimSpace(s)
	return s, head && tail && s != ""
}
