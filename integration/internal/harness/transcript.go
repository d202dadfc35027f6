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
	replace         *strings.Replacer // ports and folders to their placeholders
	absoluteExpires bool
}

var (
	product  = regexp.MustCompile(`\b(nginx|sluice)(/[0-9]+\.[0-9]+\.[0-9]+)?\b`)
	boundary = regexp.MustCompile(`^multipart/byteranges; boundary=([0-9]{20})$`)
	maxAge   = regexp.MustCompile(`^max-age=([0-9]+)$`)
)

const serverMark = "<server>"

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
		t = appendBody(t, []byte(product.ReplaceAllString(n.replace.Replace(string(ex.Rest)), serverMark)))
	}
	return append(t, "["+ex.End+"]")
}

func (n *norm) response(t Transcript, r *Response) Transcript {
	body := []byte(n.replace.Replace(string(r.Body)))
	// Only nginx's own pages name the program; a body that mentions it otherwise is left alone.
	if m := bytes.Index(body, []byte("<hr><center>")); m >= 0 {
		body = append(body[:m:m], product.ReplaceAll(body[m:], []byte(serverMark))...)
	}
	t = append(t, r.Line)
	now, _ := time.Parse(time.RFC1123, r.Get("Date"))
	age := ""
	for _, f := range r.Header {
		value := n.replace.Replace(f.Value)
		switch strings.ToLower(f.Name) {
		case "date":
			if !now.IsZero() {
				value = "<now>"
			}
		case "server":
			value = product.ReplaceAllString(value, serverMark)
		case "expires":
			if at, err := time.Parse(time.RFC1123, value); err == nil && !now.IsZero() {
				age = strconv.Itoa(int(at.Sub(now) / time.Second))
				if !n.absoluteExpires && at.Year() > 1970 && at.Year() < 2037 {
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
			if len(r.Body) == 0 && r.ownPage() {
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
		t = append(t, "["+note+"]")
	}
	t = append(t, "")
	return appendBody(t, body)
}

// ownPage tells whether the response, to a HEAD, is one of the server's own pages: their length depends on its name.
func (r *Response) ownPage() bool {
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
	lines := strings.SplitAfter(string(body), "\n")
	for _, l := range lines {
		if l != "" {
			t = append(t, strings.TrimSuffix(strconv.Quote(l), `\n"`)+"|")
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
