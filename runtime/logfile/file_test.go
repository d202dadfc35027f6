package logfile

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func openSet(t testing.TB, o Options, register func(*Set)) *Set {
	t.Helper()
	s := NewSet(o)
	register(s)
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWriteIsInTheFileWhenItReturns(t *testing.T) {
	dir := t.TempDir()
	var f *File
	s := openSet(t, Options{Prefix: dir}, func(s *Set) { f = s.File("log") })
	want := ""
	for i := range 3 * loneAfter {
		line := fmt.Sprintf("line %d\n", i)
		f.Write([]byte(line))
		want += line
		if got := read(t, f.Path()); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	f.WriteNow([]byte("error\n"))
	s.Close()
	f.Write([]byte("after close\n"))
	if got := read(t, f.Path()); got != want+"error\n" {
		t.Errorf("got %q", got)
	}
}

// checkLines verifies that each writer's lines are all there, whole and in order.
func checkLines(t *testing.T, text string, writers, each int) {
	t.Helper()
	next := make([]int, writers)
	for line := range strings.Lines(text) {
		var w, n int
		if _, err := fmt.Sscanf(line, "writer %d line %d\n", &w, &n); err != nil || next[w] != n {
			t.Fatalf("line %q of writer %d, want number %d", line, w, next[w])
		}
		next[w]++
	}
	for w, n := range next {
		if n != each {
			t.Errorf("writer %d: %d lines, want %d", w, n, each)
		}
	}
}

func TestRotationUnderConcurrentWriters(t *testing.T) {
	const writers, each, rotations = 16, 500, 20
	for _, b := range []Buffering{{}, {Size: 1000}, {Size: 300, Flush: time.Millisecond}} {
		dir := t.TempDir()
		var f *File
		s := openSet(t, Options{Prefix: dir}, func(s *Set) { f, _ = s.Buffered("log", b) })
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for n := range each {
					f.Write(fmt.Appendf(nil, "writer %d line %d\n", w, n))
					if n%50 == 0 {
						runtime.Gosched()
					}
				}
			})
		}
		for i := range rotations {
			if err := os.Rename(f.Path(), fmt.Sprintf("%s.%02d", f.Path(), i)); err != nil {
				t.Fatal(err)
			}
			s.Reopen(-1)
		}
		wg.Wait()
		s.Close()
		all := ""
		for i := range rotations {
			all += read(t, fmt.Sprintf("%s.%02d", f.Path(), i))
		}
		checkLines(t, all+read(t, f.Path()), writers, each)
	}
}

func TestReloadUnderConcurrentWriters(t *testing.T) {
	const writers, each, reloads = 8, 500, 20
	dir := t.TempDir()
	var f *File
	s := openSet(t, Options{Prefix: dir}, func(s *Set) { f = s.File("log") })
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				f.Write(fmt.Appendf(nil, "writer %d line %d\n", w, n))
			}
		})
	}
	for i := range reloads {
		next := openSet(t, Options{Prefix: dir, Previous: s}, func(s *Set) {
			again, err := s.Buffered("log", Buffering{Size: i % 2 * 512})
			if err != nil || again != f {
				t.Errorf("reload %d: another File for the same path, %v", i, err)
			}
		})
		s.Close()
		s = next
	}
	wg.Wait()
	s.Close()
	checkLines(t, read(t, f.Path()), writers, each)
}

func TestLinesGatherWhileOthersRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var f *File
	var writes int
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := openSet(t, Options{OpenFile: func(string) (int, error) { return syscall.Dup(int(w.Fd())) }}, func(s *Set) { f = s.File("/log") })
	w.Close()
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() { f.Write([]byte("line\n")) })
	}
	wg.Wait()
	s.Close()
	b := make([]byte, 64*5)
	for got := 0; got < len(b); writes++ {
		n, err := r.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		if got += n; writes == 0 && n < len(b)/2 {
			t.Errorf("the first write has %d lines of 64", n/5)
		}
	}
}

func TestBuffer(t *testing.T) {
	line := func(n int) string { return strings.Repeat("x", n-1) + "\n" }
	for _, c := range []struct {
		name  string
		lines []int
		want  int // bytes in the file
	}{
		{"fits", []int{40, 40}, 0},
		{"exactly full", []int{50, 50}, 0},
		{"next does not fit", []int{60, 50}, 60},
		{"larger than the buffer", []int{101}, 101},
		{"larger, behind others", []int{10, 101}, 111},
		{"others behind larger", []int{101, 10}, 101},
	} {
		dir := t.TempDir()
		var f *File
		s := openSet(t, Options{Prefix: dir + "/"}, func(s *Set) { f, _ = s.Buffered("log", Buffering{Size: 100}) })
		sum := 0
		for _, n := range c.lines {
			f.Write([]byte(line(n)))
			sum += n
		}
		if got := len(read(t, f.Path())); got != c.want {
			t.Errorf("%s: %d bytes written, want %d", c.name, got, c.want)
		}
		f.WriteNow([]byte("error\n"))
		if got := read(t, f.Path()); len(got) != c.want+6 || !strings.HasSuffix(got, "error\n") {
			t.Errorf("%s: an error line waits for the buffer: %q", c.name, got)
		}
		s.Close()
		if got := len(read(t, f.Path())); got != sum+6 {
			t.Errorf("%s: %d bytes after Close, want %d", c.name, got, sum+6)
		}
	}
}

func TestFlushTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var f *File
		s := openSet(t, Options{Prefix: dir}, func(s *Set) {
			f, _ = s.Buffered("log", Buffering{Size: 100, Flush: 5 * time.Second})
		})
		defer s.Close()
		for _, step := range []struct {
			wait time.Duration
			line string
			want string
		}{
			{0, "1\n", ""},
			{3 * time.Second, "2\n", ""},
			{1999 * time.Millisecond, "", ""},
			{time.Millisecond, "", "1\n2\n"}, // five seconds after the first line
			{time.Minute, "3\n", "1\n2\n"},
			{5 * time.Second, "", "1\n2\n3\n"},
		} {
			time.Sleep(step.wait)
			synctest.Wait()
			if step.line != "" {
				f.Write([]byte(step.line))
			}
			if got := read(t, f.Path()); got != step.want {
				t.Errorf("after %v: got %q, want %q", step.wait, got, step.want)
			}
		}
	})
}

func TestGzip(t *testing.T) {
	dir := t.TempDir()
	var f *File
	s := openSet(t, Options{Prefix: dir}, func(s *Set) { f, _ = s.Buffered("log.gz", Buffering{Size: 100, Gzip: 1}) })
	want := ""
	for i := range 50 {
		line := fmt.Sprintf("line %d\n", i)
		if i == 25 {
			line = strings.Repeat("long", 100) + "\n"
		}
		f.Write([]byte(line))
		want += line
	}
	s.Close()
	z, err := gzip.NewReader(strings.NewReader(read(t, f.Path())))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		return // Linux and BSD only
	}
	synctest.Test(t, func(t *testing.T) {
		var problems []Problem
		var f *File
		report := func(p Problem) {
			problems = append(problems, p)
			f.WriteNow([]byte("the report goes to the same file\n"))
		}
		s := openSet(t, Options{Report: report}, func(s *Set) { f = s.File("/dev/full") })
		defer s.Close()
		write := func(line string) {
			if p := f.Write([]byte(line)); p != nil {
				report(*p)
			}
		}
		write("1\n")
		if len(problems) != 1 || problems[0].Severity != Alert ||
			problems[0].Text != `write() to "/dev/full" failed` || problems[0].Err != syscall.ENOSPC {
			t.Fatalf("got %+v", problems)
		}
		if !f.isFull() {
			t.Error("the file is not left alone for the rest of the second")
		}
		time.Sleep(time.Second)
		if f.isFull() {
			t.Error("the file is left alone for longer")
		}
		for range 58 {
			write("2\n")
			time.Sleep(time.Second)
		}
		if len(problems) != 1 {
			t.Errorf("%d complaints within a minute", len(problems))
		}
		time.Sleep(time.Second)
		f.Flush()
		f.WriteNow([]byte("3\n"))
		if len(problems) != 2 {
			t.Errorf("%d complaints after a minute, want 2", len(problems))
		}
	})
}

func TestNoAllocations(t *testing.T) {
	for _, b := range []Buffering{{}, {Size: 4096}, {Size: 4096, Flush: time.Hour}} {
		var f *File
		s := openSet(t, Options{}, func(s *Set) { f, _ = s.Buffered("/dev/null", b) })
		line := bytes.Repeat([]byte("x"), 120)
		f.Write(line)
		f.Flush()
		f.Write(line)
		f.Flush()
		if n := testing.AllocsPerRun(1000, func() { f.Write(line) }); n != 0 {
			t.Errorf("%+v: %v allocations", b, n)
		}
		s.Close()
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, procs := range []int{1, 2} {
		for _, writers := range []int{1, 8, 64} {
			for _, how := range []string{"none", "direct", "gathered", "buffered"} {
				b.Run(fmt.Sprintf("procs=%d/writers=%d/%s", procs, writers, how), func(b *testing.B) {
					benchmarkWrite(b, procs, writers, how)
				})
			}
		}
	}
}

// benchmarkWrite measures CPU time per line: what a server's throughput pays.
func benchmarkWrite(b *testing.B, procs, writers int, how string) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	buffering := Buffering{}
	if how == "buffered" {
		buffering.Size = 64 << 10
	}
	var f *File
	s := openSet(b, Options{Prefix: b.TempDir()}, func(s *Set) { f, _ = s.Buffered("log", buffering) })
	line := append(bytes.Repeat([]byte("x"), 119), '\n')
	write := map[string]func([]byte){
		"none":     func([]byte) {},
		"direct":   func(p []byte) { _, _ = syscall.Write(f.fd, p) },
		"gathered": func(p []byte) { f.Write(p) },
		"buffered": func(p []byte) { f.Write(p) },
	}[how]
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range b.N / writers {
				write(line)
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	cpu := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	b.ReportMetric(float64(cpu)/float64(b.N), "cpu-ns/op")
	s.Close()
}
