package autoindex

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const mtime = 1709642096 // Tue, 05 Mar 2024 12:34:56 GMT

func TestHTML(t *testing.T) {
	long := strings.Repeat("n", 60)
	cyr := strings.Repeat("ж", 60)
	for _, tc := range []struct {
		name string
		page page
		e    entry
		want string
	}{
		{
			"file",
			page{exactSize: true},
			entry{name: []byte("a.txt"), file: true, mtime: mtime, size: 12},
			`<a href="a.txt">a.txt</a>` + strings.Repeat(" ", 45) + " 05-Mar-2024 12:34                  12\r\n",
		},
		{
			"directory",
			page{exactSize: true},
			entry{name: []byte("d"), dir: true, mtime: mtime},
			`<a href="d/">d/</a>` + strings.Repeat(" ", 48) + " 05-Mar-2024 12:34                   -\r\n",
		},
		{
			"rounded directory",
			page{},
			entry{name: []byte("d"), dir: true, mtime: mtime},
			`<a href="d/">d/</a>` + strings.Repeat(" ", 48) + " 05-Mar-2024 12:34       -\r\n",
		},
		{
			"escaped",
			page{exactSize: true, offset: 3600},
			entry{name: []byte(`a<&>"b c`), file: true, mtime: mtime, size: 1},
			`<a href="a%3C%26%3E%22b%20c">a&lt;&amp;&gt;&quot;b c</a>` + strings.Repeat(" ", 42) +
				" 05-Mar-2024 13:34                   1\r\n",
		},
		{
			"as wide as the column",
			page{},
			entry{name: []byte(long[:50]), dir: true, mtime: mtime},
			`<a href="` + long[:50] + `/">` + long[:50] + "</a> 05-Mar-2024 12:34       -\r\n",
		},
		{
			"cut",
			page{},
			entry{name: []byte(long), file: true, mtime: mtime, size: 9999},
			`<a href="` + long + `">` + long[:47] + "..&gt;</a> 05-Mar-2024 12:34    9999\r\n",
		},
		{
			"cut by bytes",
			page{},
			entry{name: []byte(cyr), file: true, mtime: mtime, size: 10000},
			`<a href="` + strings.Repeat("%D0%B6", 60) + `">` + cyr[:47] + "..&gt;</a> 05-Mar-2024 12:34     10K\r\n",
		},
		{
			"cut by characters",
			page{utf8: true},
			entry{name: []byte(cyr), file: true, mtime: mtime, size: 10 << 20},
			`<a href="` + strings.Repeat("%D0%B6", 60) + `">` + cyr[:94] + "..&gt;</a> 05-Mar-2024 12:34     10M\r\n",
		},
		{
			"padded by characters",
			page{utf8: true},
			entry{name: []byte("ж"), file: true, mtime: mtime, size: 3<<30 + 1<<29},
			`<a href="%D0%B6">ж</a>` + strings.Repeat(" ", 49) + " 05-Mar-2024 12:34      4G\r\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(tc.page.appendEntry(nil, &tc.e)); got != tc.want {
				t.Errorf("\n%q, want\n%q", got, tc.want)
			}
		})
	}
}

func TestPage(t *testing.T) {
	p := page{uri: []byte("/a&b/")}
	want := "<html>\r\n<head><title>Index of /a&amp;b/</title></head>\r\n<body>\r\n" +
		"<h1>Index of /a&amp;b/</h1><hr><pre><a href=\"../\">../</a>\r\n</pre><hr></body>\r\n</html>\r\n"
	if got := string(p.append(nil, listed(), whole)); got != want {
		t.Errorf("%q", got)
	}
}

var entries = []entry{
	{name: []byte(`d"1`), dir: true, mtime: mtime},
	{name: []byte("f&1"), file: true, mtime: mtime, size: 5},
	{name: []byte("o"), mtime: mtime},
}

func TestJSON(t *testing.T) {
	const list = "[\r\n" +
		`{ "name":"d\"1", "type":"directory", "mtime":"Tue, 05 Mar 2024 12:34:56 GMT" },` + "\r\n" +
		`{ "name":"f&1", "type":"file", "mtime":"Tue, 05 Mar 2024 12:34:56 GMT", "size":5 },` + "\r\n" +
		`{ "name":"o", "type":"other", "mtime":"Tue, 05 Mar 2024 12:34:56 GMT" }` + "\r\n]"
	for _, tc := range []struct {
		name, callback string
		entries        []entry
		want           string
	}{
		{"list", "", entries, list},
		{"empty", "", nil, "[\r\n]"},
		{"callback", "cb", entries, "/* callback */\r\ncb(" + list + ");"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(appendJSON(nil, listed(tc.entries...), []byte(tc.callback), whole)); got != tc.want {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestXML(t *testing.T) {
	want := "<?xml version=\"1.0\"?>\r\n<list>\r\n" +
		`<directory mtime="2024-03-05T12:34:56Z">d&quot;1</directory>` + "\r\n" +
		`<file mtime="2024-03-05T12:34:56Z" size="5">f&amp;1</file>` + "\r\n" +
		`<other mtime="2024-03-05T12:34:56Z">o</other>` + "\r\n</list>\r\n"
	if got := string(appendXML(nil, listed(entries...), whole)); got != want {
		t.Errorf("%q", got)
	}
}

// listed is a sorted listing of entries.
func listed(entries ...entry) *listing {
	l := &listing{}
	for _, e := range entries {
		l.add(e)
	}
	l.sort()
	return l
}

func TestOrder(t *testing.T) {
	var names []string
	for e := range listed(entry{name: []byte("b")}, entry{name: []byte("z"), dir: true}, entry{name: []byte("B")}, entry{name: []byte("y"), dir: true}).sorted() {
		names = append(names, string(e.name))
	}
	if got := strings.Join(names, ""); got != "yzBb" {
		t.Error(got)
	}
}

// TestBlocks: entries come back as they were added, from each block of a listing, whatever the lengths of their names.
func TestBlocks(t *testing.T) {
	var added []entry
	for i := range 3*blockLen + 1 {
		name := fmt.Appendf(nil, "%05d%s", i, strings.Repeat("n", i%250))
		added = append(added, entry{name: name, dir: i == 0, file: i%2 == 1, mtime: int64(i), size: int64(i) << 40})
	}
	backwards := slices.Clone(added)
	slices.Reverse(backwards)
	got := slices.Collect(listed(backwards...).sorted())
	if !reflect.DeepEqual(got, added) {
		t.Errorf("%d entries of %d", len(got), len(added))
	}
}

func TestUTF8Length(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       int
	}{
		{"ascii", "abc", 3},
		{"two bytes", "жж", 2},
		{"three and four bytes", "€😀", 2},
		{"surrogate", "a\xed\xa0\x80", 2},
		{"overlong", "a\xc0\x80", 3},
		{"overlong of three", "\xe0\x80\x80", 3},
		{"cut off", "ж\xd0", 3},
		{"not a continuation", "\xd0a", 2},
		{"above Unicode", "\xf4\x90\x80\x80", 4},
		{"not a first byte", "\xf8\x80\x80\x80\x80", 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := utf8Length([]byte(tc.text)); got != tc.want {
				t.Errorf("%d, want %d", got, tc.want)
			}
		})
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("name", true)
	f.Add(strings.Repeat("ж", 60)+"\xff", true)
	f.Fuzz(func(t *testing.T, name string, utf8 bool) {
		p := page{utf8: utf8}
		line := string(p.appendEntry(nil, &entry{name: []byte(name)}))
		_, shown, _ := strings.Cut(line, `">`)
		if strings.ContainsAny(strings.ReplaceAll(shown, "</a>", ""), `<>"`) {
			t.Errorf("%q", line)
		}
	})
}

// whole keeps all of a page together.
func whole(b []byte) []byte { return b }
