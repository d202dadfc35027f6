package pass

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/sluiceproxy/sluice/runtime/buf"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// TestFileInUse: the file that a client is being sent a piece of stays open until the piece is sent, also where its entry of
// the cache is given up meanwhile. Its number would else be that of another file.
func TestFileInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "entry")
		if err := os.WriteFile(path, []byte("body"), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		x := &Exchange{S: &Settings{Buffers: conf.Buffers{Num: 8, Size: 4096}}}
		a := &ahead{x: x, most: 8, file: f, shared: true, wrote: 4}
		a.changed.L = &a.mu
		var o httpd.Out
		if _, why := a.take(&o); why != nil || !o.IsFile || o.Len != 4 {
			t.Fatalf("%v, %d bytes of a file", why, o.Len)
		}
		pushed := make(chan bool)
		go func() {
			b := buf.Sized(4096)
			pushed <- a.push(b, copy(b.B, "rest")) // the entry takes no more
		}()
		synctest.Wait()
		if _, err := f.Stat(); err != nil {
			t.Fatalf("closed while it is sent: %v", err)
		}
		b, why := a.take(&o) // the piece was sent
		if !<-pushed || why != nil || string(o.Mem) != "rest" {
			t.Errorf("%q, %v", o.Mem, why)
		}
		b.Free()
		if _, err := f.Stat(); err == nil {
			t.Error("the file is still open")
		}
	})
}
