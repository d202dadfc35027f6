package harness

import (
	"bufio"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParseRow(t *testing.T) {
	for _, test := range []struct{ name, row, want string }{
		{"plain", "GET /x", "GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"},
		{"version", "GET /x HTTP/1.0", "GET /x HTTP/1.0\r\nHost: localhost\r\n\r\n"},
		{"fields", "GET / | Host: a | X: y", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nConnection: close\r\n\r\n"},
		{"no host", "GET / | -Host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"},
		{"kept open", "GET / | -Connection", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
		{"body", "POST / | = a=b", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\na=b"},
		{"filler", "GET /%%FILL_3%%", "GET /" + string(Filler(3)) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := parseRow(test.row)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(wire(r.Parts[0].Text)); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	r, err := parseRow("port=2 sni=a.example cert=client max=1.2 GET /")
	want := &TLSClient{ServerName: "a.example", Certificate: "client", MaxVersion: "1.2"}
	if err != nil || r.Port != 2 || !reflect.DeepEqual(r.TLS, want) {
		t.Errorf("options: %+v %+v %v", r, r.TLS, err)
	}
	for _, bad := range []string{"GET", "GET / HTTP/1.1 x", "nonsense=1 GET /", "port=x GET /"} {
		if _, err := parseRow(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestParseScript(t *testing.T) {
	r, err := parseScript("x", "@port 2\nGET /a HTTP/1.1\n\n@wait\nGET /b HTTP/1.1\n\n@wait-interim\nbody%%END%%\n@wait-bytes 4\n@wait-end\n")
	if err != nil {
		t.Fatal(err)
	}
	want := Request{Name: "x", Port: 2, Answers: 2, Parts: []Part{
		{Text: "GET /a HTTP/1.1\n\n"},
		{Text: "GET /b HTTP/1.1\n\n", Answers: 1},
		{Text: "body%%END%%\n", Answers: 1, Interim: 1},
		{Answers: 1, Interim: 1, Bytes: 4},
		{Answers: 1, Interim: 1, Bytes: 4, Ended: true},
	}}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
	for _, want := range []string{"GET /a HTTP/1.1", "GET /b HTTP/1.1"} {
		if got := r.lines(); !slices.Contains(got, want) {
			t.Errorf("request lines %q, want %q among them", got, want)
		}
	}
	if _, err := parseScript("x", "@nonsense\n"); err == nil {
		t.Error("an unknown instruction is no error")
	}
}

func TestWire(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"newlines", "a\nb\n", "a\r\nb\r\n"},
		{"bare newline", "a%%LF%%b", "a\nb"},
		{"bytes", "a%%HEX_00ff%%", "a\x00\xff"},
		{"end", "a%%END%%\nb", "a"},
		{"length", "N: %%LEN%%\n\n%%HEX_0102%%3%%END%%\n", "N: 3\r\n\r\n\x01\x023"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := string(wire(test.text)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestReadResponse(t *testing.T) {
	for _, test := range []struct{ name, method, text, body, notes string }{
		{"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1", "ok", ""},
		{"head", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "", ""},
		{"no content", "GET", "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1", "", ""},
		{"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc", ""},
		{"trailer", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", "", "trailer X: y"},
		{"to the end", "GET", "HTTP/1.1 200 OK\r\n\r\nall of it", "all of it", ""},
		{"cut", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "ok", "body cut short, 2 bytes of 9"},
		{"cut chunk", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "ab", "bad end of chunk"},
		{"bad chunk", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", "", `bad chunk size "z\r\n"`},
		{"gzip", "GET", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + string(gzipped([]byte("plain"))), "plain", ""},
		{"not gzip", "GET", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nplain", "plain", "not gzip"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, _ := readResponse(bufio.NewReader(strings.NewReader(test.text)), test.method, nil)
			if string(r.Body) != test.body || strings.Join(r.Notes, ";") != test.notes {
				t.Errorf("body %q, notes %q", r.Body, r.Notes)
			}
		})
	}
}

// TestTranscript holds what may differ between two servers, and that nothing else is taken out.
func TestTranscript(t *testing.T) {
	read := func(text string) Transcript {
		r, _ := readResponse(bufio.NewReader(strings.NewReader(text)), "GET", nil)
		n := norm{names: strings.NewReplacer("127.0.0.1:21001", "%%ADDR%%"), ports: map[string]string{"21001": "%%PORT%%"}}
		return n.transcript(&Exchange{Responses: []*Response{r}, End: "closed"})
	}
	page := func(name string) string {
		return "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>" +
			name + "</center>\r\n</body>\r\n</html>\r\n"
	}
	for _, test := range []struct {
		name, a, b string
		same       bool
	}{
		{"date", "Date: Tue, 05 Mar 2024 12:34:56 GMT\r\n\r\n", "Date: Wed, 06 Mar 2024 12:34:56 GMT\r\n\r\n", true},
		{"no date", "Date: Tue, 05 Mar 2024 12:34:56 GMT\r\n\r\n", "Date: now\r\n\r\n", false},
		{"server", "Server: nginx/1.22.1\r\n\r\n", "Server: sluice/1.31.5\r\n\r\n", true},
		{"no version", "Server: nginx/1.22.1\r\n\r\n", "Server: sluice\r\n\r\n", true},
		{"order", "A: 1\r\nB: 2\r\n\r\n", "B: 2\r\nA: 1\r\n\r\n", false},
		{"case", "X-A: 1\r\n\r\n", "x-a: 1\r\n\r\n", false},
		{"space", "X-A: 1\r\n\r\n", "X-A:1\r\n\r\n", false},
		{"body", "\r\na\n", "\r\nb\n", false},
		{"last newline", "\r\na\n", "\r\na", false},
		{"page", "\r\n" + page("nginx/1.22.1"), "\r\n" + page("sluice/1.31.5"), true},
		{"page without version", "\r\n" + page("nginx/1.22.1"), "\r\n" + page("sluice"), true},
		{"port", "\r\nport 21001\n", "\r\nport %%PORT%%\n", true},
		{"no port", "\r\n#210017\n", "\r\n#%%PORT%%7\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := read("HTTP/1.1 404 Not Found\r\n"+test.a), read("HTTP/1.1 404 Not Found\r\n"+test.b)
			if slices.Equal(a, b) != test.same {
				t.Errorf("%q\n%q", a, b)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	got := Diff(Transcript{"a", "b", "c", "e"}, Transcript{"a", "c", "d", "e"})
	if want := []string{"-b", "+d"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if d := Diff(nil, nil); d != nil {
		t.Errorf("nothing differs from nothing by %q", d)
	}
}

func TestDifferences(t *testing.T) {
	path := filepath.Join(t.TempDir(), "differences.md")
	table := "# Text\n| Case | Request | nginx | Sluice | Since | Reason |\n| --- | --- | --- | --- | --- | --- |\n" +
		"| a | GET * | `X: 1\\|2` | `X: *` | 1.2.3 | why |\n" +
		"| a | * | `HTTP/1.1 200 OK` | `HTTP/1.1 400 Bad Request` | 1.2.3 | why |\n" +
		"| never | * | x | y | sluice | why |\n"
	if err := os.WriteFile(path, []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := ReadDifferences(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, request string
		diff, left    []string
	}{
		{"covered", "GET /", []string{"-X: 1|2", "+X: 3"}, nil},
		{"other request", "POST /", []string{"-X: 1|2"}, []string{"-X: 1|2"}},
		{"other line", "GET /", []string{"-X: 1"}, []string{"-X: 1"}},
		{"status covers all", "x", []string{"-HTTP/1.1 200 OK", "+HTTP/1.1 400 Bad Request", "+whatever"}, nil},
		{"other status", "x", []string{"-HTTP/1.1 200 OK", "+HTTP/1.1 500 Oops"}, []string{"+HTTP/1.1 500 Oops"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if left := d.Unexplained("a", test.request, test.diff); !slices.Equal(left, test.left) {
				t.Errorf("left %q, want %q", left, test.left)
			}
		})
	}
	if unused := d.Unused(func(Difference) bool { return true }); len(unused) != 1 || unused[0].Case != "never" {
		t.Errorf("unused %v, want the row that no line came for", unused)
	}
	if unused := d.Unused(func(row Difference) bool { return row.Since != "sluice" }); len(unused) != 0 {
		t.Errorf("unused %v, none of which was expected", unused)
	}
	if err := d.Record("b", "GET /|", []string{"-a|b", "+c"}, "9.9.9"); err != nil {
		t.Fatal(err)
	}
	if d, err = ReadDifferences(path); err != nil {
		t.Fatal(err)
	}
	if left := d.Unexplained("b", "GET /|", []string{"-a|b", "+c"}); left != nil {
		t.Errorf("what was recorded does not cover %q", left)
	}
}

func TestParseCase(t *testing.T) {
	c, err := ParseCase("x", []byte("About it.\nerror-log: some\nfill: html/a 10\n\n-- server.conf --\nreturn 200;\n-- html/b --\nb\n"+
		"-- upstream/c/d --\n@keep\nHTTP/1.1 200 OK\n\n-- requests --\n# comment\nGET /\n\nHEAD /\n-- requests/raw --\nGET / HTTP/1.0\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Requests) != 3 || len(c.errorLog) != 1 || !c.upstreams[0]["/c/d"].keep || len(c.files) != 1 {
		t.Errorf("%+v", c)
	}
	dir := t.TempDir()
	if err := c.Lay(dir, func(s string) string { return s }); err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int64{"html/a": 10, "html/b": 2} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() != size || !info.ModTime().Equal(commonTime) {
			t.Errorf("%s: %d bytes of %v", name, info.Size(), info.ModTime())
		}
	}
	for name, bad := range map[string]string{
		"nothing":     "only words",
		"request":     "-- server.conf --\n-- requests --\nGET\n",
		"instruction": "-- server.conf --\n-- upstream/x --\n@dance\n",
		"regexp":      "error-log: (\n-- server.conf --\n",
	} {
		if _, err := ParseCase("x", []byte(bad)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestWhatTimeChanges: two servers that make a file in two different seconds, or count down at different speeds, have said the
// same.
func TestWhatTimeChanges(t *testing.T) {
	response := func(modified, tag string) *Response {
		return &Response{Line: "HTTP/1.1 200 OK", Header: []Field{
			{Name: "Date", Value: "Sat, 28 Nov 2026 19:59:30 GMT"},
			{Name: "Last-Modified", Value: modified},
			{Name: "ETag", Value: tag},
		}}
	}
	n := &norm{names: strings.NewReplacer()}
	for _, test := range []struct{ name, modified, tag, want string }{
		{"made in the test", "Sat, 28 Nov 2026 19:59:22 GMT", `"6b0b329a-5"`, `Last-Modified: <lately>|ETag: "<lately>-5"`},
		{"a second later", "Sat, 28 Nov 2026 19:59:23 GMT", `"6b0b329b-5"`, `Last-Modified: <lately>|ETag: "<lately>-5"`},
		{"a tag of another time", "Sat, 28 Nov 2026 19:59:23 GMT", `"6b0b329a-5"`, `Last-Modified: <lately>|ETag: "6b0b329a-5"`},
		{"made before", "Fri, 27 Nov 2026 19:59:22 GMT", `"6b09e11a-5"`, `Last-Modified: Fri, 27 Nov 2026 19:59:22 GMT|ETag: "6b09e11a-5"`},
		{"of the future", "Sat, 28 Nov 2026 20:00:00 GMT", `"6b0b32c0-5"`, `Last-Modified: Sat, 28 Nov 2026 20:00:00 GMT|ETag: "6b0b32c0-5"`},
	} {
		lines := n.response(nil, response(test.modified, test.tag))
		if got := strings.Join(lines[2:4], "|"); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
	for text, want := range map[string]string{
		`excess: 0.998 by zone "a"`: `excess: ~1.0 by zone "a"`,
		`excess: 2.312 by zone "a"`: `excess: ~2.3 by zone "a"`,
	} {
		if got := excess.ReplaceAllStringFunc(text, rounded); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	oracle := Transcript{"HTTP/1.1 200 OK", "[head after 0.0 s]", "[3 bytes after 0.9 s]", "[closed after 1.2 s]"}
	near := Transcript{"HTTP/1.1 200 OK", "[head after 0.0 s]", "[3 bytes after 1.0 s]", "[closed after 1.2 s]"}
	late := Transcript{"HTTP/1.1 200 OK", "[head after 0.2 s]", "[3 bytes after 0.9 s]", "[closed after 1.2 s]"}
	if !inTime([]Finding{{"x", oracle, near}}) || !slices.Equal(oracle, near) {
		t.Errorf("a tenth of a second is a difference: %q", near)
	}
	once, never := []Finding{{"x", oracle, near}, {"y", oracle, late}}, []Finding{{"x", oracle, late}, {"y", oracle, near}}
	if got := better(once, never); !inTime(got) {
		t.Errorf("each was in time once: %q", got)
	}
	for _, other := range []Transcript{late, oracle[:3]} {
		if inTime([]Finding{{"x", oracle, other}}) {
			t.Errorf("no difference: %q", other)
		}
	}
}
