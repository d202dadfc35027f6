package errlog

// Context describes what a record is about: nginx's log handler of a connection or a
// request.
type Context interface {
	// LogFields adds the parts in nginx's order.
	LogFields(f *Fields)
}

// Fields takes the parts of a Context: as text for nginx's line, and under
// their names for the event. It is good for the call it is handed to.
type Fields struct {
	line  []byte
	parts [maxParts]part
	n     int
}

// maxParts is more than any context has.
const maxParts = 12

// part is a value in the line.
type part struct {
	name     string
	from, to int
}

// Action adds what was being done, as " while reading client request line";
// nothing for an empty text.
func (f *Fields) Action(text string) {
	if text == "" {
		return
	}
	f.line = append(f.line, " while "...)
	f.value("action", append(f.line, text...))
}

// Add adds ", name: value".
func (f *Fields) Add(name string, value []byte) {
	f.name(name, ": ")
	f.value(name, append(f.line, value...))
}

// Quote adds `, name: "value"`. As in nginx's lines nothing in value is escaped.
func (f *Fields) Quote(name string, value ...[]byte) {
	f.name(name, `: "`)
	b := f.line
	for _, v := range value {
		b = append(b, v...)
	}
	f.value(name, b)
	f.line = append(f.line, '"')
}

// AddText is Add for a value that appends itself.
func (f *Fields) AddText(name string, value func([]byte) []byte) {
	f.name(name, ": ")
	f.value(name, value(f.line))
}

// Check adds `, health check "name" of peer 192.0.2.1:80 in upstream "group"`.
func (f *Fields) Check(name, peer, group []byte) {
	f.line = append(f.line, `, health check "`...)
	f.value("health check", append(f.line, name...))
	f.line = append(f.line, `" of peer `...)
	f.value("peer", append(f.line, peer...))
	f.line = append(f.line, ` in upstream "`...)
	f.value("upstream", append(f.line, group...))
	f.line = append(f.line, '"')
}

func (f *Fields) name(name, sep string) {
	f.line = append(f.line, ", "...)
	f.line = append(f.line, name...)
	f.line = append(f.line, sep...)
}

// value makes line, which is the old one and a value behind it, the new one.
func (f *Fields) value(name string, line []byte) {
	if f.n < len(f.parts) {
		f.parts[f.n] = part{name: name, from: len(f.line), to: len(line)}
		f.n++
	}
	f.line = line
}
