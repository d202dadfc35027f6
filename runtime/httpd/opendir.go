package httpd

import (
	"errors"
	"os"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/openfile"
)

// OpenDir opens the directory path for [diskfile.Names]; the caller closes it. Where that fails the reason is
// logged and the result is the code to answer with.
func (r *Request) OpenDir(path string) (*os.File, Result) {
	dir, err := diskfile.OpenDir(path)
	if err == nil {
		return dir, OK
	}
	lv, rc := errlog.Error, StatusNotFound
	switch {
	case openfile.NotFound(err):
	case errors.Is(err, syscall.EACCES):
		rc = StatusForbidden
	default:
		lv, rc = errlog.Crit, StatusInternalServerError
	}
	r.Logf(lv, err, `opendir() "%s" failed`, path)
	return nil, rc
}
