package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	logTime   = regexp.MustCompile(`\b\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\b`)
	isoTime   = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)`)
	seconds   = regexp.MustCompile(`\b\d+\.\d{3}\b`)
	errorHead = regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (\[[a-z]+\]) \d+#\d+: (\*\d+ )?`)
	excess    = regexp.MustCompile(`\bexcess: (\d+\.\d{3})\b`)
	tlsDetail = regexp.MustCompile(`\(SSL: [^)]*\)`)
)

// accessLogs returns the access logs in the folders of dir by name. The order of lines says little where each request has a
// connection of its own, so they are sorted.
func (n *norm) accessLogs(dir string) (map[string]Transcript, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*log*", "*access*"))
	if err != nil {
		return nil, err
	}
	logs := map[string]Transcript{}
	for _, path := range paths {
		lines, err := readLines(path)
		if err != nil {
			return nil, err
		}
		for i, l := range lines {
			l = n.hide(l)
			l = logTime.ReplaceAllString(l, "<time>")
			l = isoTime.ReplaceAllString(l, "<time>")
			lines[i] = seconds.ReplaceAllString(l, "<seconds>")
		}
		slices.Sort(lines)
		logs[filepath.Base(path)] = lines
	}
	return logs, nil
}

// errorLog returns the lines of an error log that match one of the expressions, without time, process and connection
// number, sorted.
func (n *norm) errorLog(path string, want []*regexp.Regexp) (Transcript, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	var t Transcript
	for _, l := range lines {
		if !slices.ContainsFunc(want, func(re *regexp.Regexp) bool { return re.MatchString(l) }) {
			continue
		}
		l = errorHead.ReplaceAllString(l, "$1 ")
		l = tlsDetail.ReplaceAllString(l, "(SSL: <reason>)")
		l = excess.ReplaceAllStringFunc(l, rounded)
		l = n.hide(l)
		// nginx cuts lines at 2048 bytes, after more or less of the message as process and connection number are short or long.
		t = append(t, l[:min(len(l), 1900)])
	}
	slices.Sort(t)
	return t, nil
}

// rounded is an excess of limit_req to one place: it shrinks by the millisecond, and a server may be slow.
func rounded(text string) string {
	v, _ := strconv.ParseFloat(excess.FindStringSubmatch(text)[1], 64)
	return fmt.Sprintf("excess: ~%.1f", v)
}

func readLines(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSuffix(string(data), "\n")
	if text == "" {
		return nil, nil
	}
	return strings.Split(text, "\n"), nil
}
