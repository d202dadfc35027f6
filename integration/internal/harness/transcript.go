package harness

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A Transcript is an exchange or a log as lines of text, with everything taken out that may differ between two servers.
type Transcript []string

// norm takes out of texts what belongs to one side.
type norm struct {
	names           *strings.Replacer // folder and addresses to their placeholders
	ports           map[string]string // ports to theirs
	absoluteExpires bool
}

var digits = regexp.MustCompile(`[0-9]+`)

// hide puts placeholders back where the case has them. A number is a port only as a whole.
func (n *norm) hide(text string) string {
	return digits.ReplaceAllStringFunc(n.names.Replace(text), func(number string) string {
		if mark, ok := n.ports[number]; ok {
			return mark
		}
		return number
	})
}

var (
	product  = regexp.MustCompile(`\b(nginx|sluice)(/[0-9]+\.[0-9]+\.[0-9]+)?\b`)
	boundary = regexp.MustCompile(`^multipart/byteranges; boundary=([0-9]{20})$`)
	maxAge   = regexp.MustCompile(`^max-age=([0-9]+)$`)
)

// unnamed takes the name and the version of the program out of a text. Whether the version is there differs by decision,
// see docs/adr/0010.
func unnamed(text string) string { return product.ReplaceAllString(text, "<server>") }

// transcript writes an exchange down.
func (n *norm) transcript(ex *Exchange) Transcript {
	var t Transcript
	if ex.TLS != "" {
		t = append(t, "["+ex.TLS+"]")
	}
	for _, r := range ex.Responses {
		t = n.response(t, r)
	}
	if len(ex.Rest) > 0 {
		t = append(t, "[other bytes]")
		t = appendBody(t, []byte(unnamed(n.hide(string(ex.Rest)))))
	}
	return append(t, "["+ex.End+"]")
}

func (n *norm) response(t Transcript, r *Response) Transcript {
	body := pageEnd.ReplaceAll([]byte(n.hide(string(r.Body))), []byte("${1}<server>${2}"))
	page := ownPage(r.Body)
	t = append(t, r.Line)
	now, _ := time.Parse(time.RFC1123, r.Get("Date"))
	born := r.born(now)
	age := ""
	for _, f := range r.Header {
		value := n.hide(f.Value)
		switch strings.ToLower(f.Name) {
		case "date":
			if !now.IsZero() {
				value = "<now>"
			}
		case "server":
			value = unnamed(value)
		case "x-even":
			value = "<even>"
		case "last-modified":
			if !born.IsZero() {
				value = "<lately>"
			}
		case "etag":
			if !born.IsZero() {
				value = strings.Replace(value, fmt.Sprintf("%x-", born.Unix()), "<lately>-", 1)
			}
		case "expires":
			if at, err := time.Parse(time.RFC1123, value); err == nil && !now.IsZero() {
				ahead := at.Sub(now)
				age = strconv.Itoa(int(ahead / time.Second))
				// What is farther away was not counted from now: an application's own, epoch, max.
				if !n.absoluteExpires && ahead > -time.Hour && ahead < 400*24*time.Hour {
					value = "<now+" + age + "s>"
				}
			}
		case "cache-control":
			if m := maxAge.FindStringSubmatch(value); m != nil && m[1] == age && n.absoluteExpires {
				value = "max-age=<until Expires>"
			}
		case "content-length":
			if value == strconv.Itoa(r.rawLen) && !bytes.Equal(body, r.Body) {
				value = "<length of body>"
			}
			if page != "" || len(r.Body) == 0 && r.ownPageLikely() {
				value = "<length of page>"
			}
		case "content-type":
			if m := boundary.FindStringSubmatch(value); m != nil {
				value = strings.Replace(value, m[1], "<boundary>", 1)
				body = bytes.ReplaceAll(body, []byte(m[1]), []byte("<boundary>"))
			}
		}
		t = append(t, f.Name+": "+value)
	}
	for _, note := range r.Notes {
		t = append(t, "["+n.hide(note)+"]")
	}
	t = append(t, r.times.lines(r.Get("Content-Encoding") != "")...)
	t = append(t, "")
	if page != "" {
		return append(t, "["+page+"]")
	}
	return appendBody(t, body)
}

// born is when the file of a response was made, if that was during the test: the other server made its own a little earlier
// or later. The files of a case are old.
func (r *Response) born(now time.Time) time.Time {
	at, err := time.Parse(time.RFC1123, r.Get("Last-Modified"))
	if err != nil || now.IsZero() || now.Sub(at) > 10*time.Minute || at.After(now) {
		return time.Time{}
	}
	return at
}

// pageText is a page that the server makes itself: for a status.
var pageText = regexp.MustCompile("^<html>\r\n<head><title>([^<]*)</title></head>\r\n<body>\r\n<center><h1>([^<]*)</h1></center>\r\n" +
	"(?:<center>([^<]*)</center>\r\n)?<hr><center>(?:nginx|sluice)[^<]*</center>\r\n</body>\r\n</html>\r\n((?s:<!--.*)?)$")

// pageEnd is where the name of the server stands on such a page, which may be part of another body.
var pageEnd = regexp.MustCompile("(<hr><center>)(?:nginx|sluice)(?:/[0-9.]+)?(</center>)")

// ownPage returns what tells one of the server's own pages from another; empty for any other body.
func ownPage(body []byte) string {
	m := pageText.FindSubmatch(body)
	if m == nil {
		return ""
	}
	page := fmt.Sprintf("page %s; %s", m[1], m[2])
	if len(m[3]) > 0 {
		page += fmt.Sprintf("; %s", m[3])
	}
	if len(m[4]) > 0 {
		page += fmt.Sprintf("; padding %x", sha256.Sum256(m[4]))
	}
	return page
}

// ownPageLikely tells whether the response, to a HEAD, is one of the server's own pages: their length depends on its name.
func (r *Response) ownPageLikely() bool {
	return r.Code >= 300 && r.Get("Content-Type") == "text/html" && r.Get("ETag") == ""
}

// longest body that is shown in full.
const shownBody = 6000

// appendBody adds a body line by line; what is no text, or is long, as length and digest.
func appendBody(t Transcript, body []byte) Transcript {
	if len(body) == 0 {
		return t
	}
	if len(body) > shownBody || !utf8.Valid(body) {
		return append(t, fmt.Sprintf("[%d bytes, %x, %.60q]", len(body), sha256.Sum256(body), body))
	}
	for line := range strings.Lines(string(body)) {
		text, whole := strings.CutSuffix(line, "\n")
		quoted := strings.ReplaceAll(strconv.Quote(text), `\"`, `"`)
		t = append(t, "> "+quoted[1:len(quoted)-1])
		if !whole {
			t = append(t, "[no newline]")
		}
	}
	return t
}

// Diff returns the lines that are in only one of two transcripts, in order, each with a sign before it: - for the
// oracle's, + for the other's.
func Diff(oracle, tested Transcript) []string {
	// Longest common subsequence by dynamic programming: transcripts are short.
	n, m := len(oracle), len(tested)
	best := make([][]int, n+1)
	for i := range best {
		best[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if oracle[i] == tested[j] {
				best[i][j] = best[i+1][j+1] + 1
			} else {
				best[i][j] = max(best[i+1][j], best[i][j+1])
			}
		}
	}
	var d []string
	i, j := 0, 0
	for i < n || j < m {
		switch {
		case i < n && j < m && oracle[i] == tested[j]:
			i, j = i+1, j+1
		case j == m || i < n && best[i+1][j] >= best[i][j+1]:
			d = append(d, "-"+oracle[i])
			i++
		default:
			d = append(d, "+"+tested[j])
			j++
		}
	}
	return d
}
