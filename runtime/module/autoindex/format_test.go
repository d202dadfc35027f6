package autoindex

import (
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
			entry{name: "a.txt", file: true, mtime: mtime, size: 12},
			`<a href="a.txt">a.txt</a>` + strings.Repeat(" ", 45) + " 05-Mar-2024 12:34                  12\r\n",
		},
		{
			"directory",
			page{exactSize: true},
			entry{name: "d", dir: true, mtime: mtime},
			`<a href="d/">d/</a>` + strings.Repeat(" ", 48) + " 05-Mar-2024 12:34                   -\r\n",
		},
		{
			"rounded directory",
			page{},
			entry{name: "d", dir: true, mtime: mtime},
			`<a href="d/">d/</a>` + strings.Repeat(" ", 48) + " 05-Mar-2024 12:34       -\r\n",
		},
		{
			"escaped",
			page{exactSize: true, offset: 3600},
			entry{name: `a<&>"b c`, file: true, mtime: mtime, size: 1},
			`<a href="a%3C%26%3E%22b%20c">a&lt;&amp;&gt;&quot;b c</a>` + strings.Repeat(" ", 42) +
				" 05-Mar-2024 13:34                   1\r\n",
		},
		{
			"as wide as the column",
			page{},
			entry{name: long[:50], dir: true, mtime: mtime},
			`<a href="` + long[:50] + `/">` + long[:50] + "</a> 05-Mar-2024 12:34       -\r\n",
		},
		{
			"cut",
			page{},
			entry{name: long, file: true, mtime: mtime, size: 9999},
			`<a href="` + long + `">` + long[:47] + "..&gt;</a> 05-Mar-2024 12:34    9999\r\n",
		},
		{
			"cut by bytes",
			page{},
			entry{name: cyr, file: true, mtime: mtime, size: 10000},
			`<a href="` + strings.Repeat("%D0%B6", 60) + `">` + cyr[:47] + "..&gt;</a> 05-Mar-2024 12:34     10K\r\n",
		},
		{
			"cut by characters",
			page{utf8: true},
			entry{name: cyr, file: true, mtime: mtime, size: 10 << 20},
			`<a href="` + strings.Repeat("%D0%B6", 60) + `">` + cyr[:94] + "..&gt;</a> 05-Mar-2024 12:34     10M\r\n",
		},
		{
			"padded by characters",
			page{utf8: true},
			entry{name: "ж", file: true, mtime: mtime, size: 3<<30 + 1<<29},
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
	if got := string(p.append(nil, nil, whole)); got != want {
		t.Errorf("%q", got)
	}
}

var entries = []entry{
	{name: `d"1`, dir: true, mtime: mtime},
	{name: "f&1", file: true, mtime: mtime, size: 5},
	{name: "o", mtime: mtime},
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
			if got := string(appendJSON(nil, tc.entries, []byte(tc.callback), whole)); got != tc.want {
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
	if got := string(appendXML(nil, entries, whole)); got != want {
		t.Errorf("%q", got)
	}
}

func TestOrder(t *testing.T) {
	list := []entry{{name: "b"}, {name: "z", dir: true}, {name: "B"}, {name: "y", dir: true}}
	slices.SortFunc(list, compare)
	var names []string
	for _, e := range list {
		names = append(names, e.name)
	}
	if got := strings.Join(names, ""); got != "yzBb" {
		t.Error(got)
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
		line := string(p.appendEntry(nil, &entry{name: name}))
		_, shown, _ := strings.Cut(line, `">`)
		if strings.ContainsAny(strings.ReplaceAll(shown, "</a>", ""), `<>"`) {
			t.Errorf("%q", line)
		}
	})
}

// whole keeps all of a page together.
func whole(b []byte) []byte { return b }
