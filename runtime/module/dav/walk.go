package dav

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// visitor is told what a walk through a folder meets.
type visitor interface {
	follows() bool // a symbolic link is what it leads to
	file(path string, info os.FileInfo)
	enter(path string, info os.FileInfo) // before what is in a folder
	leave(path string, info os.FileInfo) // after it
	other(path string)                   // sockets, devices, links that are not followed
	missed(path string)                  // what stat does not tell of
}

// walk goes through a folder, which lies in others. False: it could not be read, which is logged.
func walk(r *httpd.Request, folder string, v visitor, above ...os.FileInfo) bool {
	entries, err := os.ReadDir(folder)
	if err != nil && len(entries) == 0 {
		r.Logf(errlog.Crit, errno(err), `opendir() "%s" failed`, folder)
		return false
	}
	for _, e := range entries {
		path := strings.TrimSuffix(folder, "/") + "/" + e.Name()
		info, err := os.Stat(path)
		if err == nil && v.follows() && slices.ContainsFunc(above, func(a os.FileInfo) bool { return os.SameFile(a, info) }) {
			err = syscall.ELOOP // a link to a folder around it
		}
		if err != nil {
			r.Logf(errlog.Crit, errno(err), `stat() "%s" failed`, path)
			v.missed(path)
			continue
		}
		kind := e.Type()
		if v.follows() {
			kind = info.Mode().Type()
		}
		switch {
		case kind.IsRegular():
			v.file(path, info)
		case kind.IsDir():
			v.enter(path, info)
			if !walk(r, path, v, append(slices.Clip(above), info)...) {
				v.missed(path)
			}
			v.leave(path, info)
		default:
			v.other(path)
		}
	}
	if err != nil {
		r.Logf(errlog.Crit, errno(err), `readdir() "%s" failed`, folder)
	}
	return err == nil
}

// lstat is os.Lstat, also of a path with a slash behind it, with the bare
// error.
func lstat(path string) (os.FileInfo, error) {
	info, err := os.Lstat(path)
	return info, errno(err)
}

// errno returns the error inside one of package os, without the call and path
// that the log line names by itself.
func errno(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
