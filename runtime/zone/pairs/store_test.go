package pairs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func open(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Size == 0 {
		o.Size = 1 << 20
	}
	s := NewStore()
	if err := s.Begin(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func get(s *Store, key string) string {
	v, ok := s.Get([]byte(key))
	if !ok {
		return "none"
	}
	return string(v)
}

func TestPairs(t *testing.T) {
	s := open(t, Options{})
	for i, c := range []struct {
		do   func() error
		want error
	}{
		{func() error { return s.Add("a", "1", 0) }, nil},
		{func() error { return s.Add("a", "2", 0) }, ErrExists},
		{func() error { return s.Add("", "empty", 0) }, nil},
		{func() error { return s.Add("b", "2", time.Second) }, ErrNoTimeout},
		{func() error { return s.Add("\xff", "2", 0) }, ErrText},
		{func() error { return s.Add("b", "\xff", 0) }, ErrText},
		{func() error { return s.Change("c", new(string), 0) }, ErrNotFound},
		{func() error { return s.Delete("c") }, ErrNotFound},
		{func() error { return s.Set("b", "2") }, nil},
		{func() error { return s.Set("b", "3") }, nil},
		{func() error { return s.AddAll([]Pair{{Key: "x"}, {Key: "y"}, {Key: "x"}}) }, ErrExists},
		{func() error { return s.Delete("a") }, nil},
	} {
		if err := c.do(); err != c.want {
			t.Errorf("%d: %v, want %v", i, err, c.want)
		}
	}
	for key, want := range map[string]string{"a": "none", "b": "3", "": "empty", "x": "none", "y": "none"} {
		if got := get(s, key); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
	if n := s.Len(); n != 2 || len(s.All()) != 2 {
		t.Errorf("%d pairs", n)
	}
	s.Clear()
	if get(s, "b") != "none" || s.Len() != 0 {
		t.Error("there after Clear")
	}
}

// A zone takes as many pairs as it has room for, and what is removed makes room.
func TestFull(t *testing.T) {
	s := open(t, Options{Size: 32 << 10})
	n := 0
	for ; s.Add(fmt.Sprint(n), "value", 0) == nil; n++ {
	}
	if n < 100 || n > 256 {
		t.Errorf("%d pairs", n)
	}
	if err := s.Set("0", strings.Repeat("x", 1000)); err != ErrFull {
		t.Errorf("a longer value: %v", err)
	}
	if err := s.Set("0", "short"); err != nil {
		t.Errorf("a value of the same size: %v", err)
	}
	if err := s.Delete("1"); err != nil {
		t.Error(err)
	}
	if err := s.Add("new", "value", 0); err != nil {
		t.Errorf("removing makes no room: %v", err)
	}
	s.Clear()
	if err := s.Add("large", strings.Repeat("x", 16000), 0); err != nil {
		t.Error(err)
	}
	// A smaller zone keeps what it has and takes no more.
	if err := s.Begin(Options{Size: 16 << 10}); err != nil {
		t.Fatal(err)
	}
	if get(s, "large") == "none" || s.Add("small", "", 0) != ErrFull {
		t.Error("after a change to a smaller zone")
	}
}

func TestTypes(t *testing.T) {
	keys := map[Type][]string{
		String: {"10.0.0.0/8", "a", "ab"},
		IP: {
			"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "2001:db8::/32", "2001:db8::1", "0.0.0.0/0", "192.0.2.7/24",
		},
		Prefix: {"/images/", "/images/large/", "/i", ""},
	}
	for _, c := range []struct {
		t         Type
		key, want string
	}{
		{String, "a", "a"},
		{String, "abc", "none"},
		{String, "10.1.1.1", "none"},
		{IP, "10.9.9.9", "10.0.0.0/8"},
		{IP, "10.1.9.9", "10.1.0.0/16"},
		{IP, "10.1.2.3", "10.1.2.3"},
		{IP, "::ffff:10.1.2.3", "10.1.2.3"},
		{IP, "10.1.2.0/24", "10.1.0.0/16"},
		{IP, "10.0.0.0/8", "10.0.0.0/8"},
		{IP, "10.0.0.0/7", "0.0.0.0/0"},
		{IP, "192.0.2.1", "192.0.2.7/24"},
		{IP, "2001:db8::2", "2001:db8::/32"},
		{IP, "2001:DB8:0::1", "2001:db8::1"},
		{IP, "2001:db9::1", "none"},
		{IP, "10.1.2", "none"},
		{IP, "", "none"},
		{IP, "10.1.2.3/33", "none"},
		{IP, "10.1.2.3/-1", "none"},
		{Prefix, "/images/large/a.png", "/images/large/"},
		{Prefix, "/images/a.png", "/images/"},
		{Prefix, "/images", "/i"},
		{Prefix, "x", ""},
		{Prefix, "", ""},
	} {
		s := open(t, Options{Type: c.t})
		for _, k := range keys[c.t] {
			if err := s.Add(k, k, 0); err != nil {
				t.Fatal(k, err)
			}
		}
		if got := get(s, c.key); got != c.want {
			t.Errorf("type %d, %q: %q, want %q", c.t, c.key, got, c.want)
		}
		for _, k := range keys[c.t] {
			if err := s.Delete(k); err != nil {
				t.Fatal(k, err)
			}
		}
		if got := get(s, c.key); got != "none" || len(s.lengths.Load().list) != 0 {
			t.Errorf("type %d, %q: %q when all are removed", c.t, c.key, got)
		}
	}
	s := open(t, Options{Type: IP})
	if err := s.Add("host", "", 0); err != ErrKey {
		t.Errorf("a key that is no address: %v", err)
	}
}

// Two keys of one network: the younger one counts, and the other when it has gone.
func TestSameNetwork(t *testing.T) {
	s := open(t, Options{Type: IP})
	for _, k := range []string{"10.0.0.0/8", "10.1.0.0/8", "10.2.0.0/8"} {
		if err := s.Add(k, k, 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"10.2.0.0/8", "10.1.0.0/8", "10.0.0.0/8"} {
		if got := get(s, "10.3.3.3"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		_ = s.Delete(want)
	}
}

// A configuration with another type finds the same pairs in another way.
func TestRetype(t *testing.T) {
	s := open(t, Options{})
	_ = s.Add("10.0.0.0/8", "net", 0)
	_ = s.Add("10.", "begins", 0)
	for _, c := range []struct {
		t    Type
		want string
	}{{IP, "net"}, {Prefix, "begins"}, {String, "none"}, {Prefix, "begins"}, {IP, "net"}} {
		if err := s.Begin(Options{Size: 1 << 20, Type: c.t}); err != nil {
			t.Fatal(err)
		}
		if got := get(s, "10.1.1.1"); got != c.want {
			t.Errorf("type %d: %q, want %q", c.t, got, c.want)
		}
	}
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStore()
		defer s.Close()
		if err := s.Begin(Options{Size: 1 << 20, Timeout: time.Minute}); err != nil {
			t.Fatal(err)
		}
		_ = s.Add("a", "1", 0)
		_ = s.Add("b", "1", 10*time.Second)
		_ = s.Add("c", "1", time.Hour)
		room := s.room
		time.Sleep(9 * time.Second)
		if p, ok := s.Find("b"); !ok || p.Expire != time.Second {
			t.Errorf("%+v", p)
		}
		_ = s.Change("a", nil, 2*time.Minute)
		time.Sleep(time.Second)
		if get(s, "b") != "none" || get(s, "a") != "1" {
			t.Error("a pair outlives its time, or does not last it")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		s.mu.Lock()
		if s.room <= room || s.texts.n != 2 {
			t.Errorf("an expired pair is still kept: %d pairs", s.texts.n)
		}
		s.mu.Unlock()
		time.Sleep(100 * time.Second)
		if get(s, "a") != "1" {
			t.Error("the changed time does not count")
		}
		text := "2"
		_ = s.Change("a", &text, 0)
		time.Sleep(59 * time.Second)
		if get(s, "a") != "2" {
			t.Error("a new value does not begin the timeout anew")
		}
		time.Sleep(time.Second)
		if get(s, "a") != "none" || get(s, "c") != "1" || s.Len() != 1 {
			t.Error("after the timeout")
		}
	})
}

func TestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "state")
		o := Options{Size: 1 << 20, Timeout: time.Hour, State: file}
		s := NewStore()
		if err := s.Begin(o); err != nil {
			t.Fatal(err)
		}
		_ = s.Add("key", "value", 0)
		_ = s.Add("soon", "gone", time.Minute)
		_ = s.Add("<\"\n\u2028>", "\x00é", 0)
		if _, err := os.Stat(file); err == nil {
			t.Error("written at once")
		}
		time.Sleep(saveDelay)
		synctest.Wait()
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), `"key": {"value": "value", "expires": `) {
			t.Errorf("%s %v", text, err)
		}
		_ = s.Set("late", "1") // Close writes it
		s.Close()
		time.Sleep(time.Minute)
		s = open(t, o)
		for key, want := range map[string]string{"key": "value", "soon": "none", "<\"\n\u2028>": "\x00é", "late": "1"} {
			if got := get(s, key); got != want {
				t.Errorf("%q: %q, want %q", key, got, want)
			}
		}
		if p, _ := s.Find("key"); p.Expire > time.Hour-time.Minute || p.Expire < time.Hour-time.Minute-2*time.Second {
			t.Errorf("expires in %s", p.Expire)
		}
		if names, _ := filepath.Glob(file + "*"); len(names) != 1 {
			t.Errorf("left behind: %q", names)
		}
	})
}

// TestPausedState: what another process has changed while this one served nothing is read.
func TestPausedState(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	o := Options{Size: 1 << 20, Timeout: time.Hour, State: file}
	begin := func() *Store {
		s := NewStore()
		if err := s.Begin(o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	old := begin()
	for _, key := range []string{"a", "b"} {
		if err := old.Set(key, "1"); err != nil {
			t.Fatal(err)
		}
	}
	old.Save()
	if err := old.Set("c", "1"); err != nil {
		t.Fatal(err)
	}
	old.Pause()
	next := begin()
	if next.Len() != 3 {
		t.Errorf("%d pairs, want what was changed last to be saved, too", next.Len())
	}
	if next.Set("a", "2") != nil || next.Delete("b") != nil || next.Set("d", "2") != nil {
		t.Fatal("not changed")
	}
	next.Close()
	old.Resume()
	for key, want := range map[string]string{"a": "2", "b": "", "c": "1", "d": "2"} {
		if p, _ := old.Find(key); p.Value != want {
			t.Errorf("%s: %q, want %q", key, p.Value, want)
		}
	}
	if err := os.WriteFile(file, []byte("["), 0o600); err != nil {
		t.Fatal(err)
	}
	old.Resume() // it is not paused
	old.Pause()
	old.Resume()
	if old.Len() != 3 {
		t.Errorf("%d pairs after a file that cannot be read", old.Len())
	}
}

func TestStateRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{}`, ""},
		{`{"a": "1", "b": {"value": "2"}}`, ""},
		{``, "not an object of JSON"},
		{`[]`, "not an object of JSON"},
		{`{"a": "1"`, "cut short"},
		{`{"a": `, `key "a": EOF`},
		{`{"a": 1}`, `key "a": json`},
		{`{"a": {"expires": 1}}`, `key "a": no "value"`},
		{`{"a": "1", "a": "2"}`, `key "a": key already exists`},
		{`{"a": "` + strings.Repeat("x", 1<<20) + `"}`, `key "a": no room in the zone`},
	} {
		file := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := NewStore()
		err := s.Begin(Options{Name: "one", Size: 32 << 10, State: file})
		s.Close()
		if c.want == "" && err != nil || c.want != "" && !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%.20s: %v, want %s", c.text, err, c.want)
		}
		if after, _ := os.ReadFile(file); string(after) != c.text {
			t.Errorf("%.20s: the file was written", c.text)
		}
	}
}

// Look-ups go on while pairs come and go, and never see another key's value.
func TestConcurrent(t *testing.T) {
	s := open(t, Options{Type: Prefix, Timeout: time.Hour})
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := range 2000 {
				key := fmt.Sprintf("%d-%d", w, i%500)
				if i%3 == 2 {
					_ = s.Delete(key)
				} else {
					_ = s.Set(key, key)
				}
			}
		})
		wg.Go(func() {
			for i := range 2000 {
				key := fmt.Sprintf("%d-%d", w, i%500)
				if v, ok := s.Get([]byte(key)); ok && !strings.HasPrefix(key, string(v)) {
					t.Errorf("%s: %s", key, v)
				}
			}
		})
	}
	wg.Wait()
}

func TestAllocs(t *testing.T) {
	for _, c := range []struct {
		t   Type
		key string
	}{{String, "10.1.2.3"}, {IP, "10.1.2.4"}, {Prefix, "10.1.2.30"}} {
		s := open(t, Options{Type: c.t, Timeout: time.Hour})
		_ = s.Add("10.1.2.3", "v", 0)
		_ = s.Add("10.0.0.0/8", "v", 0)
		key := []byte(c.key)
		if n := testing.AllocsPerRun(100, func() {
			if _, ok := s.Get(key); !ok {
				t.Fatal("not found")
			}
		}); n != 0 {
			t.Errorf("type %d: %v allocations", c.t, n)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	for _, typ := range []Type{String, IP, Prefix} {
		b.Run(fmt.Sprint(typ), func(b *testing.B) {
			s := open(b, Options{Size: 64 << 20, Type: typ})
			keys := make([][]byte, 100_000)
			for i := range keys {
				keys[i] = fmt.Appendf(nil, "10.%d.%d.%d", i>>16, i>>8&255, i&255)
				if err := s.Add(string(keys[i]), "value", 0); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, ok := s.Get(keys[i*7919%len(keys)]); !ok {
					b.Fatal("not found")
				}
			}
		})
	}
}
