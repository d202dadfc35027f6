package cache

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/resource"
)

// parse reads a proxy_cache_path with the parameters args.
func parse(t *testing.T, args string) (name string, o Options, problem string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nginx.conf")
	if err := os.WriteFile(path, []byte("http { proxy_cache_path cache/ "+args+"; }"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := conf.NewLoader(path, "/prefix/")
	l.Module("ngx_http_core_module").Block("http", func(c *conf.Cmd) error {
		c.Enter(c.Block.Child(conf.HTTP, c.Node))
		return nil
	})
	l.Module("ngx_http_proxy_module").Directive("proxy_cache_path", func(c *conf.Cmd) (err error) {
		name, o, err = ParsePath(c, "ngx_http_proxy_module")
		return err
	})
	l.Complete()
	if err := l.Load(""); err != nil {
		text, _, _ := strings.Cut(err.Error(), " in "+path)
		return "", o, text
	}
	return name, o, ""
}

func TestParsePath(t *testing.T) {
	name, o, problem := parse(t, "levels=1:2 keys_zone=a:10m")
	want := Defaults()
	want.Dir, want.Levels, want.ZoneSize = "/prefix/cache", [3]int{1, 2}, 10<<20
	if problem != "" || name != "a" || o != want || o.Inactive != 10*time.Minute || o.MaxSize != math.MaxInt64 {
		t.Errorf("%s %+v %s", name, o, problem)
	}
	_, o, problem = parse(t, "levels=2:2:2 keys_zone=a:1m inactive=1h max_size=1g min_free=10m use_temp_path=off purger=on "+
		"loader_files=1 loader_sleep=2 loader_threshold=3ms manager_files=4 manager_sleep=5ms manager_threshold=6ms "+
		"purger_files=7 purger_sleep=8ms purger_threshold=9ms")
	want = Options{
		Dir: "/prefix/cache", Levels: [3]int{2, 2, 2}, ZoneSize: 1 << 20, Inactive: time.Hour, MaxSize: 1 << 30, MinFree: 10 << 20, Purge: true,
		Loader: Pace{1, 2 * time.Second, 3 * time.Millisecond}, Manager: Pace{4, 5 * time.Millisecond, 6 * time.Millisecond},
		Purger: Pace{7, 8 * time.Millisecond, 9 * time.Millisecond},
	}
	if problem != "" || o != want {
		t.Errorf("%+v %s", o, problem)
	}
	for args, want := range map[string]string{
		"keys_zone=a:1m levels=":                    "",
		"keys_zone=a:1m levels=3":                   `invalid "levels" "levels=3"`,
		"keys_zone=a:1m levels=1:":                  `invalid "levels" "levels=1:"`,
		"keys_zone=a:1m levels=1:2:1:1":             `invalid "levels" "levels=1:2:1:1"`,
		"keys_zone=a:1m levels":                     `invalid parameter "levels"`,
		"keys_zone=:1m":                             `"proxy_cache_path" must have "keys_zone" parameter`,
		"inactive=1m":                               `"proxy_cache_path" must have "keys_zone" parameter`,
		"keys_zone=a:0":                             `keys zone "keys_zone=a:0" is too small`,
		"keys_zone=a":                               `invalid keys zone size "keys_zone=a"`,
		"keys_zone=a:1m inactive=x":                 `invalid inactive value "inactive=x"`,
		"keys_zone=a:1m inactive=":                  `invalid inactive value "inactive="`,
		"keys_zone=a:1m inactive=99999999999999999": "",
		"keys_zone=a:1m max_size=1x":                `invalid max_size value "max_size=1x"`,
		"keys_zone=a:1m loader_files=x":             `invalid loader_files value "loader_files=x"`,
		"keys_zone=a:1m loader_sleep=":              `invalid loader_sleep value "loader_sleep="`,
		"keys_zone=a:1m loader_x=1":                 `invalid parameter "loader_x=1"`,
		"keys_zone=a:1m use_temp_path=x":            `invalid use_temp_path value "use_temp_path=x", it must be "on" or "off"`,
		"keys_zone=a:1m purger=x":                   `invalid purger value "purger=x", it must be "on" or "off"`,
		"keys_zone=a:1m keys_zone=b:2m":             "",
	} {
		if _, o, problem := parse(t, args); problem != want || o.Inactive < 0 {
			t.Errorf("%s: %q, want %q", args, problem, want)
		}
	}
}

// TestTake: a zone goes from one configuration to the next by its name and size; its path and levels
// do not change.
func TestTake(t *testing.T) {
	o := Defaults()
	o.Dir, o.ZoneSize = t.TempDir(), 1<<20
	first := resource.NewSet(nil)
	z, err := Take(first, "a", o)
	if err != nil {
		t.Fatal(err)
	}
	first.Adopt()
	next := resource.NewSet(first)
	for want, change := range map[string]func(*Options){
		`cache "a" uses the "/b" cache path while previously it used the "` + o.Dir + `" cache path`: func(o *Options) { o.Dir = "/b" },
		`cache "a" had previously different levels`:                                                  func(o *Options) { o.Levels[0] = 1 },
	} {
		changed := o
		change(&changed)
		if _, err := Take(next, "a", changed); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	other := o
	other.Inactive = time.Second
	if same, err := Take(next, "a", other); same != z || err != nil {
		t.Error("not carried", err)
	}
	if z.opts.Load().Inactive != o.Inactive {
		t.Error("the options have changed before the configuration is in effect")
	}
	z.Start(other)
	if z.opts.Load().Inactive != time.Second {
		t.Error("the options have not changed")
	}
	other.ZoneSize *= 2
	if bigger, err := Take(next, "a", other); bigger == z || err != nil {
		t.Error("a zone of another size is the same one", err)
	}
	next.Close()
}
