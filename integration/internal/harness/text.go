package harness

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var (
	fillMark = regexp.MustCompile(`%%FILL_([0-9]+)%%`)
	hexMark  = regexp.MustCompile(`%%HEX_([0-9a-fA-F]+)%%`)
)

// wire turns the text of a case, its ports filled in, into the bytes that go over a connection.
func wire(text string) []byte {
	text, _, _ = strings.Cut(text, "%%END%%")
	text = strings.ReplaceAll(text, "\n", "\r\n")
	text = string(content(text))
	if _, body, ok := strings.Cut(text, "\r\n\r\n"); ok {
		text = strings.ReplaceAll(text, "%%LEN%%", strconv.Itoa(len(pauseMark.ReplaceAllString(body, ""))))
	}
	return []byte(text)
}

// content turns the text of a case, its ports filled in, into the bytes of a file.
func content(text string) []byte {
	text, _, _ = strings.Cut(text, "%%END%%")
	text = strings.ReplaceAll(text, "%%LF%%", "\n")
	text = fillMark.ReplaceAllStringFunc(text, func(m string) string {
		n, _ := strconv.Atoi(fillMark.FindStringSubmatch(m)[1])
		return string(Filler(n))
	})
	text = hexMark.ReplaceAllStringFunc(text, func(m string) string {
		b, _ := hex.DecodeString(hexMark.FindStringSubmatch(m)[1])
		return string(b)
	})
	return []byte(text)
}

// Filler returns n bytes of text, the same for the same n, that compress as text does.
func Filler(n int) []byte {
	const words = "gate water river lock canal weir basin stream level flow bank dam pond mill wheel race "
	b := make([]byte, 0, n+len(words))
	for x := uint32(n); len(b) < n; {
		x = x*1664525 + 1013904223
		at := int(x>>16) % (len(words) - 8)
		b = append(b, words[at:at+8]...)
	}
	b = b[:n]
	// Filler also stands in header fields and request lines, where a space would end something.
	return bytes.ReplaceAll(b, []byte(" "), []byte("-"))
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data) // a bytes.Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// writeFile writes a file that everyone may read, and the folders above it.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
