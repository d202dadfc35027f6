package explain

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteText writes the report as text: one line per thing, what it is in
// front and where it stands in the files behind.
func (r *Report) WriteText(w io.Writer) error {
	t := &table{all: r.all}
	t.decisions(r)
	t.answer(r.Handler, r.Response)
	if g := r.Granted; g != nil {
		t.gap("If access were granted:")
		t.steps(g.Steps)
		t.answer(g.Handler, g.Response)
	}
	for i, l := range r.Log {
		t.add(first(i, "error log"), l, nil)
	}
	for i, n := range r.Notes {
		t.add(first(i, "note"), n, nil)
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s %s://%s%s from %s\n\n", r.Request.Method, r.Request.Scheme, r.Request.Host, r.Request.Target, r.Request.From)
	t.write(b)
	if len(r.Settings) > 0 {
		fmt.Fprintf(b, "\nIn effect in %s:\n\n", where(r.Location))
		settings(b, r.Settings)
	}
	return b.Flush()
}

// first is the label of the first of several lines.
func first(i int, label string) string {
	if i > 0 {
		return ""
	}
	return label
}

func where(b *Block) string {
	if b == nil || b.Kind == "server" {
		return "the server"
	}
	text := b.Text
	for _, around := range b.In {
		if around.Kind != "server" {
			text += " in " + around.Text
		}
	}
	return text
}

// row is a line of the text form.
type row struct {
	label, text string
	at          *Place
	title       bool // a line of its own
}

type table struct {
	rows []row
	all  bool // also what does not fire
}

func (t *table) add(label, text string, at *Place) {
	t.rows = append(t.rows, row{label: label, text: text, at: at})
}

func (t *table) gap(title string) { t.rows = append(t.rows, row{text: title, title: true}) }

// decisions adds what decides up to the answer.
func (t *table) decisions(r *Report) {
	if l := r.Listen; l != nil {
		text := l.Address
		if l.Directive == "" {
			text += " (no listen directive)"
		} else {
			text += " (" + l.Directive + ")"
		}
		t.add("listen", text, l.At)
	}
	if s := r.Server; s != nil {
		t.add("server", serverText(s), s.At)
		if s.NameAt != nil && s.Match != "handshake" {
			t.add("", "server_name "+s.Name+": "+s.Match+" name", s.NameAt)
		}
		for _, o := range s.Others {
			t.add("", "- "+o.Name+": "+o.Match+" name, looked for later", o.At)
		}
	}
	t.steps(r.Steps)
}

func serverText(s *Server) string {
	name := s.Name
	if name == "" {
		name = `""`
	}
	switch s.Match {
	case "default":
		return name + ", the default server: no name matches"
	case "only":
		return name + ", the only server there: names do not count"
	case "handshake":
		return name + ", by the name in the TLS handshake"
	}
	return s.Name
}

func (t *table) steps(list []Step) {
	idle := 0
	for i := range list {
		s := &list[i]
		if !t.all && (s.Kind == "if" || s.Kind == "rewrite") && !*s.Matched {
			idle++
			continue
		}
		t.idle(&idle)
		t.add(s.Kind, strings.TrimPrefix(s.Text, s.Kind+" "), s.At)
		if len(s.Captures) > 0 {
			t.add("", "$1.. = \""+strings.Join(s.Captures, "\", \"")+"\"", nil)
		}
		t.candidates(s.Candidates)
	}
	t.idle(&idle)
}

// idle says how many directives did not fire.
func (t *table) idle(n *int) {
	if *n > 0 {
		t.add("", count(*n, "rewrite or if does", "rewrites and ifs do")+" not fire, --all lists them", nil)
	}
	*n = 0
}

// mostMismatches is how many expressions that do not match are listed.
const mostMismatches = 3

func (t *table) candidates(list []Candidate) {
	vain := 0
	for _, c := range list {
		if c.Reason == "mismatch" {
			if vain++; vain > mostMismatches && !t.all {
				continue
			}
		}
		t.add("", "- "+c.Location+": "+c.Text, c.At)
	}
	if n := vain - mostMismatches; n > 0 && !t.all {
		t.add("", "- "+count(n, "more expression does", "more expressions do")+" not match", nil)
	}
}

// answer prints the handler and the response.
func (t *table) answer(h *Handler, resp *Response) {
	if h != nil {
		t.handler(h)
	}
	switch {
	case resp == nil:
	case resp.Upstream:
		t.add("answer", "the upstream server's", nil)
	default:
		t.add("answer", strconv.Itoa(resp.Status), nil)
	}
	if resp == nil {
		return
	}
	for _, f := range resp.Fields {
		if f.At != nil || f.Name == "Location" || f.Name == "Content-Type" || resp.Upstream {
			t.add("", f.Name+": "+f.Value, f.At)
		}
	}
}

func (t *table) handler(h *Handler) {
	switch {
	case h.Pass != nil:
		t.pass(h)
	case h.Path != "":
		t.add("handler", h.Kind+": "+h.Path+", "+states[h.State], nil)
		if h.Root != nil {
			t.add("", "by "+h.Root.Text, h.Root.At)
		}
	case h.Directive != "":
		t.add("handler", h.Directive, h.At)
	default:
		t.add("handler", h.Kind, h.At)
	}
}

var states = map[string]string{
	"file": "which exists", "directory": "which is a directory", "missing": "which does not exist",
	"forbidden": "which may not be read", "other": "which is no regular file",
}

func (t *table) pass(h *Handler) {
	t.add("handler", h.Directive, h.At)
	t.add("", "-> "+h.Pass.URL, nil)
	if u := h.Pass.Upstream; u != nil {
		text := u.Text
		if h.Pass.Method != "" {
			text += ", " + h.Pass.Method
		}
		if h.Pass.Sticky != "" {
			text += ", " + h.Pass.Sticky
		}
		t.add("", text, u.At)
	}
	for _, p := range h.Pass.Servers {
		text := p.Directive
		switch {
		case text == "":
			text = strings.Join(p.Addresses, " ")
		case len(p.Addresses) > 0 && !strings.Contains(text, p.Addresses[0]):
			text += " [" + strings.Join(p.Addresses, " ") + "]"
		}
		if p.Reason != "" {
			text += ": " + p.Reason
		}
		if h.Pass.Chosen != "" && slices.Contains(p.Addresses, h.Pass.Chosen) {
			text += " <- this one"
			if h.Pass.Bound {
				text += ", to which the request is bound"
			}
		}
		t.add("", "  "+text, p.At)
	}
	for i, l := range h.Pass.Request {
		t.add(first(i, "sends"), l, nil)
	}
	if h.Pass.Body != "" {
		t.add("", "and the body "+strconv.Quote(h.Pass.Body), nil)
	}
	for i, f := range h.Pass.Failures {
		t.add(first(i, "failing"), f.Text, f.At)
	}
}

// The least width of the first column and the most of the second: a text that
// is longer pushes its place on.
const (
	labelWidth = 10
	textWidth  = 68
)

func (t *table) write(b *bufio.Writer) {
	width, label := 0, labelWidth
	for _, r := range t.rows {
		label = max(label, len(r.label))
		if n := utf8.RuneCountInString(r.text); r.at != nil && n <= textWidth {
			width = max(width, n)
		}
	}
	for _, r := range t.rows {
		switch {
		case r.title:
			fmt.Fprintf(b, "\n%s\n\n", r.text)
		case r.at == nil:
			fmt.Fprintf(b, "%-*s  %s\n", label, r.label, r.text)
		default:
			fmt.Fprintf(b, "%-*s  %-*s  %s\n", label, r.label, width, r.text, placeText(r.at))
		}
	}
}

// placeText is a place as compilers print it.
func placeText(p *Place) string {
	switch {
	case p == nil:
		return ""
	case p.File == "":
		return "command line"
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// settings writes the table of values in effect.
func settings(b *bufio.Writer, list []Setting) {
	var rows [][4]string
	for i := range list {
		s := &list[i]
		for j, v := range s.Values {
			rows = append(rows, [4]string{first(j, s.Name), v.Text, cmp.Or(v.Origin, s.Origin), placeText(v.At)})
		}
		if len(s.Values) == 0 {
			rows = append(rows, [4]string{s.Name, "-", s.Origin, ""})
		}
		if s.Ineffective != "" {
			rows = append(rows, [4]string{"", "(without effect: " + s.Ineffective + ")", "", ""})
		}
		for _, v := range s.Hidden {
			rows = append(rows, [4]string{"", "hides " + v.Text, "", placeText(v.At)})
		}
	}
	var width [3]int
	for _, r := range rows {
		for i := range width {
			if n := utf8.RuneCountInString(r[i]); n <= 48 {
				width[i] = max(width[i], n)
			}
		}
	}
	for _, r := range rows {
		line := fmt.Sprintf("  %-*s  %-*s  %-*s  %s", width[0], r[0], width[1], r[1], width[2], r[2], r[3])
		fmt.Fprintln(b, strings.TrimRight(line, " "))
	}
}
