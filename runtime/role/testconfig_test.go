package role

import (
	"os"
	"testing"

	"github.com/sluiceproxy/sluice/runtime"
	"github.com/sluiceproxy/sluice/runtime/conf"
)

// TestLayoutPaths: paths that nobody gave are those of the layout.
func TestLayoutPaths(t *testing.T) {
	dir := t.TempDir() + "/"
	o := runtime.Options{ConfPath: dir + "nginx.conf", Prefix: dir}
	if err := os.Mkdir(dir+"logs", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(o.ConfPath, []byte("events { }\nhttp { server { listen unix:x.sock; } }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Layout = conf.DebianLayout()
	o.Layout.PID = o.Prefix + "run.pid"
	o.Layout.ErrorLog = o.Prefix + "var-error.log"
	o.Layout.AccessLog = o.Prefix + "var-access.log"
	o.Layout.ClientBodyTemp = o.Prefix + "var-body"
	o.Layout.ProxyTemp = o.Prefix + "var-proxy"
	if code := Test(o, true, nil); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	for _, name := range []string{"run.pid", "var-error.log", "var-access.log", "var-body", "var-proxy"} {
		if _, err := os.Stat(o.Prefix + name); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(o.Prefix + "logs"); err != nil || len(left) > 0 {
		t.Errorf("in logs: %v, %v", left, err)
	}
}
