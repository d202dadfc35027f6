package cache

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
)

// What a writer is told: the folder of the cache, and that of temporary files, "" for none.
const (
	writerDir  = "CACHE_TEST_WRITER_DIR"
	writerTemp = "CACHE_TEST_WRITER_TEMP"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerDir); dir != "" {
		writeForEver(dir, os.Getenv(writerTemp))
	}
	os.Exit(m.Run())
}

func crashOptions(dir, temp string) Options {
	o := Defaults()
	o.Dir, o.Levels, o.ZoneSize, o.UseTempPath = dir, [3]int{1, 2}, 1<<20, temp != ""
	return o
}

// crashBody is what the entry of key k has.
func crashBody(k int) string {
	size := []int{0, 100, 5000, MaxContent, MaxContent + 1, 200 << 10}[k%6]
	return strings.Repeat(fmt.Sprintf("%08d", k), size/8+1)[:size]
}

const crashKeys = 60

// writeForEver stores, validates and purges entries until it is killed.
func writeForEver(dir, temp string) {
	z, o := NewZone("test", crashOptions(dir, temp)), new(owner)
	o.numbers.Store(rand.Uint64())
	fmt.Println("ready")
	for i := 0; ; i++ {
		k := rand.IntN(crashKeys)
		q := query(o, fmt.Sprint("key ", k))
		q.Temp = &diskfile.TempPath{Dir: temp}
		var r Ref
		var e Entry
		switch {
		case i%50 == 49:
			z.Purge(o, q.Key)
		case z.Open(&r, q, &e) == Found && i%2 == 0:
			r.Refresh(o, &e, Freshness{Valid: int64(i)})
			e.Close()
			r.Release()
		default:
			e.Close()
			r.Release()
			tryStore(z, q, fmt.Sprintf("HEAD %d", k), crashBody(k))
		}
		o.log()
	}
}

// TestKilled: whenever a process that writes is killed, the next one finds whole entries only, and
// finds them at once.
func TestKilled(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	found := 0
	for round := range 20 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerDir+"="+dir)
		if round%2 == 0 {
			cmd.Env = append(cmd.Env, writerTemp+"="+temp)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 16)); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(40 * time.Millisecond))))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		z, o := NewZone("test", crashOptions(dir, temp)), new(owner)
		for k := range crashKeys {
			switch got := fetch(z, query(o, fmt.Sprint("key ", k))); got {
			case "miss":
			case fmt.Sprintf("200 HEAD %d %s", k, crashBody(k)):
				found++
			default:
				t.Errorf("key %d: %.80q, %d bytes", k, got, len(got))
			}
		}
		if log := o.log(); log != "" {
			t.Error(log)
		}
		z.Close()
	}
	if found == 0 {
		t.Error("nothing was written")
	}
	t.Logf("%d entries were found", found)
	// Temporary files are what may be left.
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if name := filepath.Base(path); err == nil && info.Mode().IsRegular() && len(name) != keyDigits && len(name) != keyDigits+1+diskfile.TempDigits {
			t.Errorf("left: %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
