package errlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

type memorySink struct {
	mu sync.Mutex
	bytes.Buffer
}

func (m *memorySink) WriteRecord(_ Level, rec []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Write(rec)
}

type textContext string

func (c textContext) LogFields(f *Fields) { f.line = append(f.line, c...) }

func newTest(lv Level, json bool) (*Logger, *memorySink) {
	m := &memorySink{}
	out := Output{Sink: m, Threshold: Threshold{Level: lv, JSON: json}, File: true}
	return New(Config{Outputs: []Output{out}, PID: 12}), m
}

func TestLine(t *testing.T) {
	const ctx = textContext(`, client: 127.0.0.1, server: x, request: "GET / HTTP/1.1", host: "x"`)
	for _, c := range []struct {
		name string
		lv   Level
		conn uint64
		err  error
		ctx  Context
		text string
		want string
	}{
		{"bare", Notice, 0, nil, nil, "start", "[notice] 12#12: start\n"},
		{"connection", Warn, 3, nil, nil, "slow", "[warn] 12#12: *3 slow\n"},
		{
			"errno and context", Error, 3, syscall.ENOENT, ctx, `open() "/x" failed`,
			`[error] 12#12: *3 open() "/x" failed (2: No such file or directory), client: 127.0.0.1, server: x, request: "GET / HTTP/1.1", host: "x"` + "\n",
		},
		{"error without errno", Crit, 0, errors.New("bad record MAC"), nil, "handshake failed", "[crit] 12#12: handshake failed (bad record MAC)\n"},
		{"bytes that are no UTF-8", Info, 0, nil, textContext(", request: \"GET /\xff\x01\""), "a\xfe%", "[info] 12#12: a\xfe%, request: \"GET /\xff\x01\"\n"},
		{"no context at debug", Debug, 0, nil, ctx, "x", "[debug] 12#12: x\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			l, m := newTest(Debug, false)
			l.Log(c.lv, c.conn, c.err, c.ctx, "%s", []byte(c.text))
			stamp, got, _ := strings.Cut(m.String(), " [")
			if got = "[" + got; got != c.want {
				t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
			}
			if len(stamp) != len("2000/01/01 00:00:00") || stamp[4] != '/' || stamp[13] != ':' {
				t.Errorf("%s: time %q", c.name, stamp)
			}
		})
	}
}

func TestCut(t *testing.T) {
	head := len("2000/01/01 00:00:00 [error] 12#12: ")
	for _, c := range []struct {
		name string
		text int
		err  error
		ctx  Context
		len  int
		end  string
	}{
		{"fits exactly", MaxRecord - head - 1, nil, nil, MaxRecord, "aaa\n"},
		{"long text", 5000, nil, nil, MaxRecord, "aaa\n"},
		{"long text, errno", 5000, syscall.ENOENT, nil, MaxRecord - 50 + len("... (2: No such file or directory)\n"), "aa... (2: No such file or directory)\n"},
		{"errno does not fit", 5000, syscall.EILSEQ, nil, MaxRecord, "aaa... (84: Invalid or incomplete multibyte or wide \n"},
		{"long context", 10, syscall.ENOENT, textContext(strings.Repeat("c", 5000)), MaxRecord, "ccc\n"},
		{"no room for the context", 5000, nil, textContext(", client: x"), MaxRecord, "aaa\n"},
	} {
		l, m := newTest(Error, false)
		l.Log(Error, 0, c.err, c.ctx, "%s", strings.Repeat("a", c.text))
		if got := m.String(); len(got) != c.len || !strings.HasSuffix(got, c.end) {
			t.Errorf("%s: %d bytes ending %q, want %d ending %q", c.name, len(got), got[max(0, len(got)-60):], c.len, c.end)
		}
	}
}

func TestThresholds(t *testing.T) {
	warn, info := &memorySink{}, &memorySink{}
	l := New(Config{Outputs: []Output{
		{Sink: warn, Threshold: Threshold{Level: Warn}},
		{Sink: info, Threshold: Threshold{Level: Info}},
	}})
	for lv := Emerg; lv <= Debug; lv++ {
		l.Log(lv, 0, nil, nil, "x")
	}
	if n := strings.Count(warn.String(), "\n"); n != int(Warn) {
		t.Errorf("warn log has %d records, want %d", n, Warn)
	}
	if n := strings.Count(info.String(), "\n"); n != int(Info) {
		t.Errorf("info log has %d records, want %d", n, Info)
	}
	if !l.Enabled(Info) || l.Enabled(Debug) || (*Logger)(nil).Enabled(Emerg) {
		t.Error("Enabled does not follow the outputs")
	}
	(*Logger)(nil).Log(Emerg, 0, nil, nil, "discarded")
}

func TestConsole(t *testing.T) {
	var console bytes.Buffer
	m := &memorySink{}
	out := Output{Sink: m, Threshold: Threshold{Level: Error}}
	for _, c := range []struct {
		outputs []Output
		want    string
	}{
		{[]Output{out}, "nginx: [emerg] open() \"/x\" failed (13: Permission denied)\n"},
		{nil, "nginx: [emerg] open() \"/x\" failed (13: Permission denied)\nnginx: [warn] conflicting server name\n"},
	} {
		console.Reset()
		l := New(Config{Outputs: c.outputs, Console: &console})
		l.Log(Emerg, 0, syscall.EACCES, nil, `open() "%s" failed`, "/x")
		l.Log(Warn, 0, nil, nil, "conflicting server name")
		l.Log(Notice, 0, nil, nil, "not shown")
		if console.String() != c.want {
			t.Errorf("got %q, want %q", console.String(), c.want)
		}
	}
	if n := strings.Count(m.String(), "\n"); n != 1 {
		t.Errorf("the log has %d records, want 1", n)
	}

	console.Reset()
	out.Console = true
	New(Config{Outputs: []Output{out}, Console: &console, Program: "sluice"}).Log(Emerg, 0, nil, nil, "once")
	if console.Len() != 0 {
		t.Errorf("stderr is a log already, yet the console got %q", console.String())
	}
}

// requestContext is what a request adds to its records.
type requestContext struct{}

func (requestContext) LogFields(f *Fields) {
	f.Action("reading client request line")
	f.Add("client", []byte("127.0.0.1"))
	f.AddText("server", func(b []byte) []byte { return append(b, "x"...) })
	f.Quote("request", []byte("GET /\xff\", host: \"y"))
	f.Quote("upstream", []byte("http://"), []byte("127.0.0.1:1"), []byte("/"))
}

func TestJSON(t *testing.T) {
	l, m := newTest(Error, true)
	l.Log(Error, 7, syscall.ENOENT, requestContext{}, "open() %q failed", "/x")
	var got map[string]any
	if err := json.Unmarshal(m.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q", err, m.String())
	}
	if stamp, err := time.Parse(time.RFC3339Nano, got["time"].(string)); err != nil || stamp.IsZero() {
		t.Errorf("time in %q: %v", m.String(), err)
	}
	delete(got, "time")
	want := map[string]any{
		"level": "error", "pid": 12.0, "tid": 12.0, "connection": 7.0, "message": `open() "/x" failed`,
		"errno": 2.0, "error": "No such file or directory",
		"action": "reading client request line", "client": "127.0.0.1", "server": "x",
		"request": "GET /\ufffd\", host: \"y", "upstream": "http://127.0.0.1:1/",
	}
	if !maps.Equal(got, want) {
		t.Errorf("\n got %v\nwant %v", got, want)
	}
}

func TestJSONAndLineSideBySide(t *testing.T) {
	event, line := &memorySink{}, &memorySink{}
	l := New(Config{PID: 12, Outputs: []Output{
		{Sink: event, Threshold: Threshold{Level: Error, JSON: true}},
		{Sink: line, Threshold: Threshold{Level: Info}},
	}})
	l.Log(Info, 0, nil, requestContext{}, "only the line")
	l.Log(Error, 0, errors.New("own words"), nil, "both")
	const want = "[info] 12#12: only the line while reading client request line, client: 127.0.0.1, server: x, " +
		"request: \"GET /\xff\", host: \"y\", upstream: \"http://127.0.0.1:1/\"\n"
	if got := line.String(); !strings.Contains(got, want) || !strings.HasSuffix(got, "[error] 12#12: both (own words)\n") {
		t.Errorf("got %q", got)
	}
	if got := event.String(); strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, `"message":"both","error":"own words"}`+"\n") {
		t.Errorf("got %q", got)
	}
}

func TestJSONStaysWholeWhenCut(t *testing.T) {
	l, m := newTest(Error, true)
	l.Log(Error, 7, nil, requestContext{}, "%s", strings.Repeat("m", MaxRecord-1-len("2000/01/01 00:00:00 [error] 12#12: *7  while reading client request line, client: 127")))
	var got map[string]any
	if err := json.Unmarshal(m.Bytes(), &got); err != nil || got["client"] != "127" || got["upstream"] != "" {
		t.Errorf("%v: client %q upstream %q", err, got["client"], got["upstream"])
	}
}

func TestVerbose(t *testing.T) {
	alert, warn := &memorySink{}, &memorySink{}
	l := New(Config{PID: 12, Outputs: []Output{
		{Sink: alert, Threshold: Threshold{Level: Alert}},
		{Sink: warn, Threshold: Threshold{Level: Warn}},
	}})
	v := l.Verbose()
	if l.Enabled(Debug) || !v.Enabled(Debug) || !v.DebugEnabled(DebugHTTP) || l.DebugEnabled(DebugHTTP) || v != l.Verbose() {
		t.Error("a verbose logger prints everything and leaves the other alone")
	}
	v.Log(Debug, 3, nil, nil, "x")
	v.Log(Info, 3, nil, nil, "y")
	if got := alert.String(); strings.Count(got, "\n") != 2 || got != warn.String() {
		t.Errorf("got %q and %q", got, warn.String())
	}
	if (*Logger)(nil).Verbose() != nil {
		t.Error("no logger has a verbose one")
	}
}

func TestFail(t *testing.T) {
	l, m := newTest(Emerg, false)
	l.Fail(Emerg, errno.Failed("open()", "/run/x.pid", syscall.EACCES))
	l.Fail(Emerg, errors.New(`invalid PID number "" in "/run/x.pid"`))
	got := strings.Split(m.String(), "\n")
	if !strings.HasSuffix(got[0], `12#12: open() "/run/x.pid" failed (13: Permission denied)`) ||
		!strings.HasSuffix(got[1], `12#12: invalid PID number "" in "/run/x.pid"`) {
		t.Errorf("got %q", got)
	}
}

func TestPIDDefaultsToOwn(t *testing.T) {
	m := &memorySink{}
	New(Config{Outputs: []Output{{Sink: m, Threshold: Threshold{Level: Error}}}}).Log(Error, 0, nil, nil, "x")
	pid := strconv.Itoa(os.Getpid())
	if !strings.Contains(m.String(), "] "+pid+"#"+pid+": x") {
		t.Errorf("got %q", m.String())
	}
}

func TestConcurrentRecordsStayWhole(t *testing.T) {
	l, m := newTest(Error, false)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for range 100 {
				l.Log(Error, uint64(g+1), syscall.ENOENT, textContext(", client: x"), "goroutine %d", g)
			}
		})
	}
	wg.Wait()
	lines := strings.Split(strings.TrimSuffix(m.String(), "\n"), "\n")
	if len(lines) != 800 {
		t.Fatalf("%d lines, want 800", len(lines))
	}
	for _, line := range lines {
		_, rest, _ := strings.Cut(line, "12#12: *")
		n, rest, _ := strings.Cut(rest, " ")
		g, _ := strconv.Atoi(n)
		if want := "goroutine " + strconv.Itoa(g-1) + " (2: No such file or directory), client: x"; rest != want {
			t.Fatalf("mixed record %q", line)
		}
	}
}

func BenchmarkLog(b *testing.B) {
	l := New(Config{Outputs: []Output{{Sink: discard{}, Threshold: Threshold{Level: Error}}}})
	ctx := textContext(`, client: 127.0.0.1, server: x, request: "GET / HTTP/1.1", host: "x"`)
	b.ReportAllocs()
	for b.Loop() {
		l.Log(Error, 3, syscall.ENOENT, ctx, "open() \"%s\" failed", "/x")
	}
}

type discard struct{}

func (discard) WriteRecord(Level, []byte) {}
