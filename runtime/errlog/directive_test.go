package errlog

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/logfile"
)

func TestParse(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args string
		want Output
		err  string
	}{
		{"logs/error.log", Output{Threshold: Threshold{Level: Error}, File: true}, ""},
		{"logs/error.log notice json", Output{Threshold: Threshold{Level: Notice, JSON: true}, File: true}, ""},
		{"stderr info", Output{Threshold: Threshold{Level: Info}, File: true, Console: true}, ""},
		{"memory:32k debug", Output{Threshold: Threshold{Level: Debug, Debug: DebugAll}}, ""},
		{"syslog:server=127.0.0.1 warn", Output{Threshold: Threshold{Level: Warn}}, ""},
		{"memory:1k", Output{}, `invalid buffer size "1k"`},
		{"memory:2k", Output{}, `invalid buffer size "2k"`},
		{"memory:x", Output{}, `invalid buffer size "x"`},
		{"syslog:facility=x", Output{}, `unknown syslog facility "x"`},
		{"logs/error.log loud", Output{}, `invalid log level "loud"`},
		{"", Output{}, "no log destination"},
	} {
		got, err := Parse(logfile.NewSet(logfile.Options{Prefix: dir}), strings.Fields(c.args), nil, nil)
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: got error %v, want %s", c.args, err, c.err)
			}
			continue
		}
		if err != nil || got.Sink == nil {
			t.Errorf("%s: %v", c.args, err)
		}
		got.Sink = nil
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.args, got, c.want)
		}
	}
}

func TestNoNameIsStderr(t *testing.T) {
	out, err := Parse(logfile.NewSet(logfile.Options{Prefix: t.TempDir()}), []string{"", "info"}, nil, nil)
	if err != nil || !out.Console || !out.File || out.Path() != "" || out.Threshold.Level != Info {
		t.Errorf("got %+v, %v", out, err)
	}
}

func TestDefaultLogIsAddedWhenNoLogIsAFile(t *testing.T) {
	files := logfile.NewSet(logfile.Options{})
	for args, want := range map[string]bool{"memory:32k": true, "stderr": false, "x.log": false} {
		out, err := Parse(files, []string{args}, nil, nil)
		if err != nil || NeedsDefault([]Output{out}) != want {
			t.Errorf("%s: want %v, %v", args, want, err)
		}
	}
}

func TestFileAndSyslogTogether(t *testing.T) {
	dir := t.TempDir()
	sock := filepath.Join(dir, "sock")
	server, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: sock})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	files := logfile.NewSet(logfile.Options{Prefix: dir})
	var outputs []Output
	for _, args := range [][]string{{"error.log", "info"}, {"syslog:server=unix:" + sock + ",facility=user,nohostname,tag=t", "warn"}} {
		out, err := Parse(files, args, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		outputs = append(outputs, out)
	}
	if err := files.Open(); err != nil {
		t.Fatal(err)
	}
	l := New(Config{Outputs: outputs, PID: 1})
	l.Log(Info, 0, nil, nil, "file only")
	l.Log(Crit, 5, syscall.EIO, nil, "both")
	l.Close()
	files.Close()
	l.Log(Crit, 5, nil, nil, "closed")
	text, err := os.ReadFile(filepath.Join(dir, "error.log"))
	if err != nil || !strings.Contains(string(text), "[info] 1#1: file only\n") ||
		!strings.HasSuffix(string(text), "[crit] 1#1: *5 both (5: Input/output error)\n") {
		t.Errorf("file: %q, %v", text, err)
	}
	b := make([]byte, 1000)
	n, err := server.Read(b)
	if got := string(b[:n]); err != nil || !strings.HasPrefix(got, "<10>") ||
		!strings.Contains(got, " t: 2") || !strings.HasSuffix(got, "[crit] 1#1: *5 both (5: Input/output error)") {
		t.Errorf("syslog: %q, %v", got, err)
	}
}

func TestReport(t *testing.T) {
	l, m := newTest(Warn, false)
	Report(l)(logfile.Problem{
		Severity: logfile.Alert, Text: "connect() failed", Err: syscall.ENOENT,
		About: " while logging to syslog, server: unix:/dev/log",
	})
	want := "[alert] 12#12: connect() failed (2: No such file or directory) while logging to syslog, server: unix:/dev/log\n"
	if got := m.String(); !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMemory(t *testing.T) {
	m := NewMemory(10)
	for _, c := range []struct{ rec, want string }{
		{"abc\n", "abc\n"},
		{"def\n", "abc\ndef\n"},
		{"ghi\n", "c\ndef\nghi\n"},
		{"0123456789", "0123456789"},
		{"xy", "23456789xy"},
	} {
		m.WriteRecord(Error, []byte(c.rec))
		if got := string(m.Bytes()); got != c.want {
			t.Errorf("after %q: got %q, want %q", c.rec, got, c.want)
		}
	}
}
