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

// visitor is called for each entry of a walk through a folder.
type visitor interface {
	follows() bool // a symbolic link is what it leads to
	file(path string, info os.FileInfo)
	enter(path string, info os.FileInfo) // before what is in a folder
	leave(path string, info os.FileInfo) // after it
	other(path string)                   // sockets, devices, links that are not followed
	missed(path string)                  // what could not be looked at or read, or leads to a folder above
}

// walk goes through a folder. above are the folders that links are not followed to: those around it, and where a copy
// goes. False: it could not be read, which is logged.
func walk(r *httpd.Request, folder string, v visitor, above ...os.FileInfo) bool {
	entries, err := os.ReadDir(folder)
	if err != nil && len(entries) == 0 {
		r.Logf(errlog.Crit, errno(err), `opendir() "%s" failed`, folder)
		return false
	}
	for _, e := range entries {
		path := strings.TrimSuffix(folder, "/") + "/" + e.Name()
		look := os.Lstat
		if v.follows() {
			look = os.Stat
		}
		info, err := look(path)
		if err == nil && v.follows() && slices.ContainsFunc(above, func(a os.FileInfo) bool { return os.SameFile(a, info) }) {
			err = syscall.ELOOP
		}
		if err != nil {
			r.Logf(errlog.Crit, errno(err), `stat() "%s" failed`, path)
			v.missed(path)
			continue
		}
		switch kind := info.Mode().Type(); {
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
