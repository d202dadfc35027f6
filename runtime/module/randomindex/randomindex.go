package randomindex

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_random_index_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_random_index_module", Register: register}
}

type settings struct{ enable bool }

func register(b *httpd.Builder, m *conf.Module) {
	s := conf.NewSection(m, settings{}, func(c *settings, t *conf.Table) {
		t.Flag("random_index", &c.enable)
	})
	b.Plan(func(p *httpd.Plan) {
		if s.Of(p.Block).enable {
			p.AddContent(handle)
		}
	})
}

// handle redirects to one of the directory's files.
func handle(r *httpd.Request) httpd.Result {
	if !r.OnFolder() || r.Method&(h1.Get|h1.Head|h1.Post) == 0 {
		return httpd.Declined
	}
	mapped, ok := r.MapURI()
	if !ok {
		return httpd.StatusInternalServerError
	}
	path := string(mapped[:len(mapped)-1])
	dir, rc := r.OpenDir(path)
	if rc != httpd.OK {
		return rc
	}
	defer func() { _ = dir.Close() }() // opened for reading: nothing can be lost
	picked, ok := pick(r, dir, path)
	switch {
	case !ok:
		return httpd.StatusInternalServerError
	case picked == "":
		return httpd.Declined
	}
	return r.InternalRedirect(r.Join(r.URI, []byte(picked)), r.Args)
}

// pick chooses one of the files in dir, each as likely as the others; "" when
// there is none.
func pick(r *httpd.Request, dir *os.File, path string) (picked string, ok bool) {
	seen := 0
	ok = diskfile.Names(r, dir, func(name []byte, kind fs.FileMode) bool {
		file, good := isFile(r, path, name, kind)
		if file {
			// The n-th file takes the place of the one before with 1/n.
			if seen++; rand.IntN(seen) == 0 {
				picked = string(name)
			}
		}
		return good
	})
	return picked, ok
}

// isFile reports whether a name in the folder path leads to a regular file; ok is false when that cannot be found out. stat is
// called only for links and where the folder's entries have no types. A link to nothing is no file.
func isFile(r *httpd.Request, path string, name []byte, kind fs.FileMode) (file, ok bool) {
	if kind != fs.ModeSymlink && kind != diskfile.UnknownType {
		return kind.IsRegular(), true
	}
	path += "/" + string(name)
	info, err := os.Stat(path)
	switch {
	case err == nil:
		return info.Mode().IsRegular(), true
	case errors.Is(err, syscall.ENOENT):
		return false, true
	}
	r.Logf(errlog.Crit, err, `stat() "%s" failed`, path)
	return false, false
}
