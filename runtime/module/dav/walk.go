package dav

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// visitor is told what a walk through a folder meets.
type visitor interface {
	file(path string, info os.FileInfo)
	enter(path string, info os.FileInfo) // before what is in a folder
	leave(path string, info os.FileInfo) // after it
	other(path string)                   // symbolic links, sockets, devices
}

// walk goes through a folder. False: it could not be read, which is logged.
func walk(r *httpd.Request, folder string, v visitor) bool {
	entries, err := os.ReadDir(folder)
	if err != nil && len(entries) == 0 {
		r.Logf(errlog.Crit, errno(err), `opendir() "%s" failed`, folder)
		return false
	}
	for _, e := range entries {
		path := strings.TrimSuffix(folder, "/") + "/" + e.Name()
		info, err := os.Stat(path)
		if err != nil {
			r.Logf(errlog.Crit, errno(err), `stat() "%s" failed`, path)
			continue
		}
		switch {
		case e.Type().IsRegular():
			v.file(path, info)
		case e.IsDir():
			v.enter(path, info)
			walk(r, path, v)
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
