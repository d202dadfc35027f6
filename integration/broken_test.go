package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/integration/internal/harness"
)

// places are what stands around the text of a case of testdata/broken.txt, by the name of the place.
var places = map[string]string{
	"file":         "%s",
	"main":         "%s\nevents { }\n",
	"root":         "%s\nevents { }\n", // the same, checked by root
	"events":       "pid pid;\nevents {\n%s\n}\n",
	"http":         "pid pid;\nevents { }\nhttp {\ninclude temp-paths.conf;\n%s\n}\n",
	"server":       inHTTP("server {\n%s\n}\n"),
	"location":     inHTTP("server {\nlocation / {\n%s\n}\n}\n"),
	"server_if":    inHTTP("server {\nif ($a) {\n%s\n}\n}\n"),
	"location_if":  inHTTP("server {\nlocation / {\nif ($a) {\n%s\n}\n}\n}\n"),
	"limit_except": inHTTP("server {\nlocation / {\nlimit_except POST {\n%s\n}\n}\n}\n"),
	"upstream":     inHTTP("upstream u {\n%s\n}\n"),
	"tls": inHTTP("server {\nlisten 127.0.0.1:23186 ssl;\nssl_certificate certs/localhost.pem;\n" +
		"ssl_certificate_key certs/localhost.key;\n%s\n}\n"),
	"arguments": "pid pid;\nevents { }\n", // the text is what follows -t on the command line
}

// inHTTP puts a block into the http block.
func inHTTP(text string) string {
	return "pid pid;\nevents { }\nhttp {\ninclude temp-paths.conf;\n" + text + "}\n"
}

// long puts in what is too long to be written down.
var long = strings.NewReplacer(
	"${LONG}", strings.Repeat("x", 5000),
	"${HUGE}", strings.Repeat("x", 1<<20),
	"${DEEP}", strings.Repeat("location / { ", 100),
	"${UNDEEP}", strings.Repeat("} ", 100),
	"${WIDE}", strings.Repeat("server { listen 127.0.0.1:23187; location / { root a; } }\n", 300),
	"${IFS}", strings.Repeat("if ($a) { ", 50)+strings.Repeat("} ", 50),
)

// surroundings are the files in the folder of every case.
var surroundings = map[string]string{
	"self.conf":        "include self.conf;\n",
	"one.conf":         "# one\nserver {\n    listen x:y;\n}\n",
	"two.conf":         "worker_processes 1;\ninclude one.conf;\n",
	"unclosed.conf":    "worker_processes 1;\nevents {\n",
	"open-block.conf":  "location / {\n    root a;\n",
	"extra-brace.conf": "worker_processes 1;\n}\n",
	"empty":            "",
	"nul.conf":         "worker_processes 1;\nfo\x00o bar;\n",
	"bom.conf":         "\ufeffworker_processes 1;\n",
	"crlf.conf":        "worker_processes 1;\r\nfoo\r\n;\r\n",
	"binary.conf":      "\x7fELF\x02\x01\x01\x00\x00\x00;\n",
	"latin1.conf":      "gr\xfc\xdfe a;\n",
}

// broken is one case.
type broken struct{ place, text string }

func (b broken) name() string { return b.place + ": " + strings.ReplaceAll(b.text, "\n", " ⏎ ") }

// readBroken reads testdata/broken.txt; what it looks like stands there.
func readBroken(t *testing.T) (list []broken) {
	t.Helper()
	data, err := os.ReadFile("testdata/broken.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if more, ok := strings.CutPrefix(line, "\t"); ok && len(list) > 0 {
			list[len(list)-1].text += "\n" + more
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		place, text, _ := strings.Cut(line, ":")
		if _, ok := places[place]; !ok {
			t.Fatalf("testdata/broken.txt: no place %q", place)
		}
		list = append(list, broken{place, strings.TrimPrefix(text, " ")})
	}
	return list
}

// TestBroken wants both servers to say the same about configurations that do not load, word for word and warnings
// included, and to exit alike; broken.md has the exceptions.
func TestBroken(t *testing.T) {
	list := readBroken(t)
	some := strings.Contains(os.Getenv("SLUICE_BUILDFLAGS"), "-race")
	if some { // such a program starts slowly, and what it says has been compared without
		list = slices.DeleteFunc(list, func(b broken) bool { return crc32.ChecksumIEEE([]byte(b.name()))%4 != 0 })
	}
	known, err := harness.ReadDifferences("broken.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("all", func(t *testing.T) {
		for part := range 4 {
			t.Run(fmt.Sprint(part), func(t *testing.T) {
				t.Parallel()
				oracle, tested := newBench(t, lab.Oracle), newBench(t, lab.Tested)
				for i := part; i < len(list); i += 4 {
					c := list[i]
					if c.place == "root" && os.Getuid() != 0 {
						continue
					}
					name := c.name()
					want, got := atOnce(t, c, oracle, tested)
					diff := harness.Diff(want.transcript(got), got.transcript(want))
					if left := known.Unexplained(c.place, strings.TrimPrefix(name, c.place+": "), diff); len(left) > 0 {
						if *record {
							_ = known.Record(c.place, strings.TrimPrefix(name, c.place+": "), left, "")
							continue
						}
						t.Errorf("%s (- nginx %s, + server under test)\n  %s", name, lab.OracleVersion, strings.Join(left, "\n  "))
					}
				}
			})
		}
	})
	t.Logf("%d configurations", len(list))
	if *record || some || t.Failed() || lab.TestedIsNginx() || os.Getuid() != 0 {
		return
	}
	for _, d := range known.Unused(func(harness.Difference) bool { return true }) {
		t.Errorf("broken.md: nothing differs like this any more: %s, %s: -%s +%s", d.Case, d.Request, d.Oracle, d.Tested)
	}
}

// layOut makes the folder that the cases of one server run in.
func layOut(t *testing.T, binary string) string {
	t.Helper()
	dir, err := os.MkdirTemp(lab.Dir, "broken-")
	if err != nil {
		t.Fatal(err)
	}
	files := maps.Clone(surroundings)
	files["temp-paths.conf"] = strings.ReplaceAll(lab.TempPaths[binary], "\n", " ") + "access_log access.log;"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(dir, "certs"), os.DirFS(lab.Certs)); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"loop/a": "b", "loop/b": "a"} {
		if err := os.MkdirAll(filepath.Join(dir, "loop"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"logs", "many"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i := 1; i <= 1000; i++ {
		text := fmt.Sprintf("add_header X-%d %d;\n", i, i)
		if i == 1000 {
			text = "foo;\n"
		}
		if err := os.WriteFile(filepath.Join(dir, "many", fmt.Sprintf("%04d.conf", i)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "unreadable.conf"), nil, 0); err != nil {
		t.Fatal(err)
	}
	return dir
}

// bench is where one server checks one configuration after the other.
type bench struct {
	dir, binary string
}

func newBench(t *testing.T, binary string) *bench {
	t.Helper()
	dir := layOut(t, binary)
	if err := harness.GiveAway(dir); err != nil {
		t.Fatal(err)
	}
	return &bench{dir, binary}
}

// atOnce has both servers check a configuration. Neither waits for the other: most of the time goes into starting programs.
func atOnce(t *testing.T, c broken, oracle, tested *bench) (want, got verdict) {
	t.Helper()
	other := make(chan error, 1)
	go func() {
		var err error
		want, err = oracle.check(t.Context(), c)
		other <- err
	}()
	got, err := tested.check(t.Context(), c)
	if err := errors.Join(<-other, err); err != nil {
		t.Fatal(err)
	}
	return want, got
}

// limited runs a program with few descriptors, so that files that include themselves come to an end.
const limited = `ulimit -n 200; exec "$0" "$@"`

// check has the server check a configuration and returns the lines it prints, and its exit code.
func (b *bench) check(ctx context.Context, c broken) (verdict, error) {
	text := strings.ReplaceAll(long.Replace(c.text), "${DIR}", b.dir)
	args := []string{"-c", limited, b.binary, "-t", "-p", b.dir + "/", "-c", "nginx.conf", "-e", "error.log"}
	config := strings.Replace(places[c.place], "%s", text, 1)
	switch {
	case c.place == "arguments":
		args = append(args, strings.Split(text, " | ")...)
	case !strings.Contains(config, "pid "):
		args = append(args, "-g", "pid pid;")
	}
	if err := os.WriteFile(filepath.Join(b.dir, "nginx.conf"), []byte(config), 0o644); err != nil {
		return verdict{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // for one that hangs
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", args...)
	cmd.Dir, cmd.WaitDelay = b.dir, time.Second
	if c.place != "root" {
		cmd.SysProcAttr = harness.Unprivileged()
	}
	out, _ := cmd.CombinedOutput() // the exit code is what is compared
	var lines harness.Transcript
	for line := range bytes.Lines(out) {
		if text := strings.TrimRight(string(line), "\n"); text != "" {
			text = stamp.ReplaceAllString(text, "$1 ")
			lines = append(lines, strings.ReplaceAll(text, b.dir, "${DIR}"))
		}
	}
	return verdict{lines, cmd.ProcessState.ExitCode()}, nil
}

// stamp is what the lines of a log begin with.
var stamp = regexp.MustCompile(`^[0-9/]+ [0-9:]+ (\[\w+\]) [0-9]+#[0-9]+: `)

// verdict is what a server says of a configuration.
type verdict struct {
	lines harness.Transcript
	code  int
}

// transcript is the verdict as lines to compare with those of another one. Where the exit codes differ, nginx's summary
// says no more than the code does.
func (v verdict) transcript(other verdict) harness.Transcript {
	if v.code == other.code {
		return append(v.lines, fmt.Sprintf("[exit %d]", v.code))
	}
	var lines harness.Transcript
	for _, line := range v.lines {
		if !strings.HasPrefix(line, "nginx: configuration file") && !strings.HasPrefix(line, "nginx: the configuration file") {
			lines = append(lines, line)
		}
	}
	return append(lines, fmt.Sprintf("[exit %d, not %d]", v.code, other.code))
}
