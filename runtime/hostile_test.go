package runtime

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice"
	"github.com/sluiceproxy/sluice/internal/testclock"
	"github.com/sluiceproxy/sluice/parser"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// memory implements conf.Inputs with files that exist nowhere else, so that what a mutated configuration names is neither
// read nor waited for.
type memory map[string][]byte

func (m memory) ReadConf(path string) ([]byte, error) {
	if data, ok := m[filepath.Base(path)]; ok {
		return data, nil
	}
	return nil, &parser.FileError{Op: "open()", Path: path, Err: syscall.ENOENT}
}

func (m memory) ReadState(path string) ([]byte, error) { return m.ReadConf(path) }

func (m memory) Glob(pattern string) (names []string) {
	for name := range m {
		if ok, _ := filepath.Match(filepath.Base(pattern), name); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (m memory) ReadFile(path string) ([]byte, error) {
	if data, ok := m[filepath.Base(path)]; ok {
		return data, nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.ENOENT}
}

func (m memory) LookupHost(string) ([]netip.Addr, error) { return nil, errors.New("host not found") }

// mainFile is the name of the configuration under test.
const mainFile = "main.conf"

// load checks a text as -t does, short of listening, and returns how long that took.
func (m memory) load(text []byte) (took time.Duration, err error) {
	files := make(memory, len(m)+1)
	for name, data := range m {
		files[name] = data
	}
	files[mainFile] = text
	o := Options{ConfPath: "/etc/nginx/" + mainFile, Prefix: "/etc/nginx/", Inputs: files}
	taken := testclock.Stopwatch()
	c := newHost().Load(o, nil)
	if err = c.Err(); err == nil {
		err = c.Config.complete()
	}
	return taken(), err
}

// realConfigurations are the texts to mutate, by name, and the files that they include: the configuration that ships with
// the program, those of the tests, and the distribution's where nginx is installed.
func realConfigurations(t testing.TB) (texts [][]byte, files memory) {
	t.Helper()
	files = memory{}
	add := func(name string, data []byte) {
		files[filepath.Base(name)] = data
		texts = append(texts, data)
	}
	err := fs.WalkDir(sluice.Assets(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".conf") {
			data, e := fs.ReadFile(sluice.Assets(), name)
			add(name, data)
			err = e
		}
		return err
	})
	cases, _ := filepath.Glob("../integration/cases/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no configurations: %v", err)
	}
	for _, name := range cases {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, text, _ := strings.Cut(string(data), "-- nginx.conf --\n")
		text, _, _ = strings.Cut(text, "\n-- ")
		texts = append(texts, []byte(text))
	}
	for _, pattern := range []string{"/etc/nginx/*", "/etc/nginx/*/*"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			if data, err := os.ReadFile(name); err == nil { // not a folder
				add(name, data)
			}
		}
	}
	data, err := os.ReadFile("../integration/testdata/broken.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		place, text, _ := strings.Cut(line, ": ")
		if around, ok := blocks[place]; ok {
			texts = append(texts, []byte(strings.Replace(around, "%s", text, 1)))
		}
	}
	return texts, files
}

// mutator makes broken configurations of good ones. One seed makes the same ones every time, as long as the texts stay.
type mutator struct {
	*rand.Rand
	texts [][]byte
	words []string
}

// nasty are words to put into a configuration.
var nasty = []string{
	"{", "}", ";", "\"", "'", "\\", "$", "${", "#", "\n", "\x00", "\r\n", "\ufeff", "\xff", "( )", "~", "~*", "*", "=", "@x",
	"0", "-1", "99999999999999999999", "1k", "1m", "1g", "1y", "10%", "[::]", "[", "unix:", "unix:/a", "127.0.0.1:0", "0.0.0.0/0",
	"~(a|b)*(a|b)*(a|b)*c", "~^(?<x>.*){50}", "a{1000}{1000}", "((((((((((a*)*)*)*)*)*)*)*)*)*", "$1", "$uri", "${a$b}", "$arg_",
	"include " + mainFile + ";", "include *;", "include mime.types;", "if ($a) {", "location / {", "server {", "map $a $b {",
	"types {", "geo $a {", "upstream a {", "limit_except GET {", "default", "hostnames", "ranges;", "on", "off", "always",
}

func newMutator(t testing.TB, seed uint64, texts [][]byte) *mutator {
	t.Helper()
	m := &mutator{Rand: rand.New(rand.NewPCG(seed, 14)), texts: texts, words: slices.Clone(nasty)}
	for i := range conf.Reference() {
		m.words = append(m.words, conf.Reference()[i].Name)
	}
	for _, v := range conf.Variables() {
		m.words = append(m.words, "$"+v.Name)
	}
	m.words = append(m.words, strings.Repeat("x", 5000), strings.Repeat("{", 200), strings.Repeat("a ", 2000), strings.Repeat("(", 300))
	return m
}

// next makes a configuration.
func (m *mutator) next() []byte {
	text := slices.Clone(m.texts[m.IntN(len(m.texts))])
	for range 1 + m.IntN(4) {
		i := m.IntN(len(text) + 1)
		j := min(i+m.IntN(200), len(text))
		word := []byte(m.words[m.IntN(len(m.words))])
		switch m.IntN(9) {
		case 0: // the end is missing
			text = text[:i]
		case 1: // the beginning is
			text = text[i:]
		case 2: // something in between is
			text = slices.Delete(text, i, j)
		case 3: // something is there twice
			text = slices.Insert(text, i, slices.Clone(text[i:j])...)
		case 4: // one byte is another
			if i < len(text) {
				text[i] = byte(m.IntN(256))
			}
		case 5: // a word is put between
			text = slices.Insert(text, i, slices.Concat([]byte(" "), word, []byte(" "))...)
		case 6: // a word takes the place of another
			from, to := wordAt(text, i)
			text = slices.Replace(text, from, to, word...)
		case 7: // part of another configuration is put between
			other := m.texts[m.IntN(len(m.texts))]
			k := m.IntN(len(other) + 1)
			text = slices.Insert(text, i, other[k:min(k+m.IntN(2000), len(other))]...)
		case 8: // two words change places
			from, to := wordAt(text, i)
			first := slices.Clone(text[from:to])
			text = slices.Delete(text, from, to)
			from, to = wordAt(text, m.IntN(len(text)+1))
			text = slices.Replace(text, from, to, first...)
		}
	}
	return text
}

// wordAt is the extent of the word at offset i.
func wordAt(text []byte, i int) (from, to int) {
	space := func(c byte) bool { return c <= ' ' || c == ';' || c == '{' || c == '}' }
	from, to = i, i
	for from > 0 && !space(text[from-1]) {
		from--
	}
	for to < len(text) && !space(text[to]) {
		to++
	}
	return from, to
}

// hostileConfigurations is how many TestHostileConfigurations tries; the race detector gets a tenth.
const hostileConfigurations = 10000

// TestHostileConfigurations mutates real configurations: none may panic, nor take more than a second to refuse.
func TestHostileConfigurations(t *testing.T) {
	texts, files := realConfigurations(t)
	count := hostileConfigurations / slower
	if testing.Short() {
		count /= 10
	}
	var worst, total atomic.Int64
	var workers sync.WaitGroup
	for part := range 2 {
		workers.Go(func() {
			m := newMutator(t, uint64(part+1), texts)
			for range count / 2 {
				text := m.next()
				took := tryHostile(t, files, text)
				total.Add(int64(took))
				if int64(took) > worst.Load() {
					worst.Store(int64(took))
				}
			}
		})
	}
	workers.Wait()
	t.Logf("%d configurations of %d texts: %v on average, %v at most", count, len(texts),
		time.Duration(total.Load())/time.Duration(count), time.Duration(worst.Load()))
}

// tryHostile loads a text and says so if that goes wrong.
func tryHostile(t testing.TB, files memory, text []byte) (took time.Duration) {
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%v\n%s", r, excerpt(text))
		}
	}()
	// What the other goroutine does counts, too: the best of some times is this text's own.
	for range 10 {
		if took, _ = files.load(text); took <= slower*time.Second { // that it is refused is fine
			return took
		}
	}
	t.Errorf("%v:\n%s", took, excerpt(text))
	return took
}

// excerpt keeps a report readable.
func excerpt(text []byte) string {
	if len(text) > 4000 {
		return fmt.Sprintf("%q... (%d bytes)", text[:4000], len(text))
	}
	return fmt.Sprintf("%q", text)
}

func FuzzLoad(f *testing.F) {
	texts, files := realConfigurations(f)
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) { tryHostile(t, files, text) })
}
