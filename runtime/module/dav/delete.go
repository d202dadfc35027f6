package dav

import (
	"errors"
	"os"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// remove deletes a file, or a folder with all that is in it.
func (c *settings) remove(r *httpd.Request) httpd.Result {
	if withBody(r, "DELETE with body is") {
		return httpd.StatusUnsupportedMedia
	}
	if d, ok := deepEnough(r.URI, c.minDepth); !ok {
		r.Errorf(nil, "insufficient URI depth:%d to DELETE", d)
		return httpd.StatusConflict
	}
	mapped, ok := r.MapURI()
	if !ok {
		return httpd.StatusInternalServerError
	}
	path := string(mapped)
	info, err := lstat(path)
	if err != nil {
		rc := httpd.StatusNotFound
		if errors.Is(err, syscall.ENOTDIR) {
			rc = httpd.StatusConflict
		}
		return failed(r, err, rc, "lstat()", path)
	}
	if info.IsDir() {
		if !isCollection(r.URI) {
			r.Errorf(syscall.EISDIR, `DELETE "%s" failed`, path)
			return httpd.StatusConflict
		}
		if depthOf(r, depthInfinity) != depthInfinity {
			r.Errorf(nil, wantInfinity)
			return httpd.StatusBadRequest
		}
	} else if d := depthOf(r, 0); d != 0 && d != depthInfinity {
		r.Errorf(nil, wantZeroOrInfinity)
		return httpd.StatusBadRequest
	}
	if rc := deletePath(r, path, info.IsDir()); rc != httpd.OK {
		return rc
	}
	return httpd.StatusNoContent
}

// deepEnough applies min_delete_depth, and returns how many slashes it has
// seen.
func deepEnough(uri []byte, limit int) (depth int, ok bool) {
	if limit == 0 {
		return 0, true
	}
	for i, c := range uri {
		if c != '/' {
			continue
		}
		if depth++; depth >= limit && i+1 < len(uri) {
			return depth, true
		}
	}
	return depth, false
}

// deletePath deletes a file or a folder.
func deletePath(r *httpd.Request, path string, folder bool) httpd.Result {
	if !folder {
		if err := syscall.Unlink(path); err != nil {
			return failed(r, err, httpd.StatusNotFound, "unlink()", path)
		}
		return httpd.OK
	}
	if !walk(r, path, remover{r}) {
		return httpd.StatusInternalServerError
	}
	if err := syscall.Rmdir(path); err != nil {
		return failed(r, err, httpd.StatusNotFound, "rmdir()", path)
	}
	return httpd.OK
}

// remover deletes what a walk meets. What cannot be deleted is logged, and
// makes the deletion of the folder around it fail.
type remover struct{ r *httpd.Request }

// follows: what a link leads to is not the folder's. nginx deletes that, too.
func (v remover) follows() bool { return false }

func (v remover) missed(string)                    {}
func (v remover) file(path string, _ os.FileInfo)  { v.other(path) }
func (v remover) enter(string, os.FileInfo)        {}
func (v remover) leave(path string, _ os.FileInfo) { v.try("rmdir()", path, syscall.Rmdir(path)) }
func (v remover) other(path string)                { v.try("unlink()", path, syscall.Unlink(path)) }

func (v remover) try(call, path string, err error) {
	if err != nil {
		failed(v.r, err, httpd.OK, call, path)
	}
}
