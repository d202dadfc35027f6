package dav

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/diskfile"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// transfer is a COPY or MOVE.
type transfer struct {
	r           *httpd.Request
	destination []byte // the header
	from, to    string // paths; to without the slash of a collection
	collection  bool   // to had one
	overwrite   bool
}

// copyOrMove handles COPY and MOVE.
func (c *settings) copyOrMove(r *httpd.Request) httpd.Result {
	if withBody(r, "COPY and MOVE with body are") {
		return httpd.StatusUnsupportedMedia
	}
	t := transfer{r: r, destination: r.In.Get(h1.Destination)}
	uri, rc := t.target()
	if rc != httpd.OK {
		return rc
	}
	if rc := t.options(); rc != httpd.OK {
		return rc
	}
	if rc := t.paths(uri); rc != httpd.OK {
		return rc
	}
	replaced, rc := t.judgeTarget()
	if rc != httpd.OK {
		return rc
	}
	info, err := lstat(t.from)
	if err != nil {
		return failed(r, err, httpd.StatusNotFound, "lstat()", t.from)
	}
	if !info.IsDir() {
		return c.transferFile(&t, info)
	}
	if !isCollection(r.URI) {
		r.Errorf(nil, `"%s" is collection`, r.URI)
		return httpd.StatusBadRequest
	}
	if t.overwrite {
		if rc := deletePath(r, t.to, replaced); rc != httpd.OK {
			return rc
		}
	}
	return t.transferFolder(info)
}

// target returns the URI that Destination stands for.
func (t *transfer) target() (uri []byte, rc httpd.Result) {
	r := t.r
	if !r.In.Has(h1.Destination) {
		r.Errorf(nil, `client sent no "Destination" header`)
		return nil, httpd.StatusBadRequest
	}
	path := t.destination
	if len(path) == 0 || path[0] != '/' {
		if path, rc = t.withoutHost(); rc != httpd.OK {
			return nil, rc
		}
	}
	uri, _, ok := h1.ParseUnsafeURI(r.Alloc(len(path)), path)
	if !ok {
		r.Errorf(nil, `unsafe URI "%s" was detected`, uri)
		return nil, t.invalid()
	}
	if isCollection(r.URI) != isCollection(path) {
		r.Errorf(nil, `both URI "%s" and "Destination" URI "%s" should be either collections or non-collections`,
			r.URI, t.destination)
		return nil, httpd.StatusConflict
	}
	if alias, whole := r.IsAlias(); alias && !whole && len(uri) < r.AliasLen() {
		return nil, t.invalid()
	}
	return uri, httpd.OK
}

func (t *transfer) invalid() httpd.Result {
	t.r.Errorf(nil, `client sent invalid "Destination" header: "%s"`, t.destination)
	return httpd.StatusBadRequest
}

// withoutHost returns the path of a Destination that is a whole URL; it must be
// of this very server.
func (t *transfer) withoutHost() (path []byte, rc httpd.Result) {
	r := t.r
	host := r.Host()
	if len(host) == 0 {
		r.Errorf(nil, `client sent no "Host" header`)
		return nil, httpd.StatusBadRequest
	}
	scheme := "http://"
	if r.Client().TLS != nil {
		scheme = "https://"
	}
	rest, ok := bytes.CutPrefix(t.destination, []byte(scheme))
	if !ok {
		return nil, t.invalid()
	}
	rest, ok = bytes.CutPrefix(rest, host)
	if !ok {
		r.Errorf(nil, `"Destination" URI "%s" is handled by different repository than the source URI`, t.destination)
		return nil, httpd.StatusBadRequest
	}
	i := bytes.IndexByte(rest, '/')
	if i < 0 {
		return nil, t.invalid()
	}
	return rest[i:], httpd.OK
}

// options judges Depth and Overwrite.
func (t *transfer) options() httpd.Result {
	r := t.r
	if d := depthOf(r, depthInfinity); d != depthInfinity {
		if r.Method != h1.Copy {
			r.Errorf(nil, wantInfinity)
			return httpd.StatusBadRequest
		}
		if d != 0 {
			r.Errorf(nil, wantZeroOrInfinity)
			return httpd.StatusBadRequest
		}
	}
	t.overwrite = true
	if !r.In.Has(h1.Overwrite) {
		return httpd.OK
	}
	switch v := r.In.Get(h1.Overwrite); string(v) {
	case "T", "t":
	case "F", "f":
		t.overwrite = false
	default:
		r.Errorf(nil, `client sent invalid "Overwrite" header: "%s"`, v)
		return httpd.StatusBadRequest
	}
	return httpd.OK
}

// paths maps the two URIs, which must not lie in one another.
func (t *transfer) paths(uri []byte) httpd.Result {
	r := t.r
	from, ok := r.MapURI()
	if !ok {
		return httpd.StatusInternalServerError
	}
	own := r.URI
	r.URI = uri
	to, ok := r.MapURI()
	r.URI = own
	if !ok {
		return httpd.StatusInternalServerError
	}
	t.from, t.to = mergeSlashes(from), mergeSlashes(to)
	t.to, t.collection = strings.CutSuffix(t.to, "/")
	switch same, within := overlap(t.from, t.to); {
	case same:
		r.Errorf(nil, `both URI "%s" and "Destination" URI "%s" point to the same location`, r.URI, t.destination)
		return httpd.StatusForbidden
	case within && t.collection:
		t.notIntoCollection()
		return httpd.StatusForbidden
	}
	return httpd.OK
}

// overlap compares two paths, of which the first may end with a slash: whether
// they are the same, or one lies in the other.
func overlap(from, to string) (same, within bool) {
	from = strings.TrimSuffix(from, "/")
	return from == to, strings.HasPrefix(to, from+"/") || strings.HasPrefix(from, to+"/")
}

func (t *transfer) notIntoCollection() {
	t.r.Errorf(nil, `"%s" could not be %sed to collection "%s"`, t.r.URI, t.r.MethodStr, t.destination)
}

// mergeSlashes makes one slash of several.
func mergeSlashes(path []byte) string {
	out := make([]byte, 0, len(path))
	for i, c := range path {
		if c != '/' || i == 0 || path[i-1] != '/' {
			out = append(out, c)
		}
	}
	return string(out)
}

// judgeTarget looks at what is in the target's place, and reports whether it is
// a folder.
func (t *transfer) judgeTarget() (folder bool, rc httpd.Result) {
	r := t.r
	info, err := lstat(t.to)
	switch {
	case errors.Is(err, syscall.ENOENT):
		t.overwrite = false
		return false, httpd.OK
	case err != nil:
		return false, failed(r, err, httpd.StatusNotFound, "lstat()", t.to)
	case info.IsDir() && !t.collection:
		t.notIntoCollection()
		return false, httpd.StatusConflict
	case !t.overwrite:
		r.Errorf(syscall.EEXIST, `"%s" could not be created`, t.to)
		return false, httpd.StatusPreconditionFailed
	}
	return info.IsDir(), httpd.OK
}

// transferFile moves or copies a file.
func (c *settings) transferFile(t *transfer, info fs.FileInfo) httpd.Result {
	var done bool
	if t.r.Method == h1.Move {
		done = diskfile.Move(t.r, t.from, t.to, diskfile.MoveOptions{PathAccess: c.access, Time: -1, MakePath: true})
	} else {
		done = diskfile.Copy(t.r, t.from, t.to, info.Mode().Perm(), info.ModTime().Unix())
	}
	if !done {
		return httpd.StatusInternalServerError
	}
	return httpd.StatusNoContent
}

// transferFolder moves or copies a folder to a place where nothing is.
func (t *transfer) transferFolder(info fs.FileInfo) httpd.Result {
	r := t.r
	from := strings.TrimSuffix(t.from, "/")
	if r.Method == h1.Move && syscall.Rename(t.from, t.to) == nil {
		return httpd.StatusCreated
	}
	if err := syscall.Mkdir(t.to, uint32(info.Mode().Perm())); err != nil {
		return failed(r, err, httpd.StatusNotFound, "mkdir()", t.to)
	}
	target, err := lstat(t.to)
	if err != nil {
		return failed(r, err, httpd.StatusNotFound, "lstat()", t.to)
	}
	v := &copier{r: r, from: from, to: t.to}
	if !walk(r, t.from, v, info, target) { // what is copied must not be copied again
		return httpd.StatusInternalServerError
	}
	if r.Method == h1.Move {
		if v.lost { // nginx deletes it nevertheless
			return httpd.StatusInternalServerError
		}
		if rc := deletePath(r, t.from, true); rc != httpd.OK {
			return rc
		}
	}
	return httpd.StatusCreated
}

// copier copies what a walk meets. What cannot be copied is logged and left
// out.
type copier struct {
	r        *httpd.Request
	from, to string
	lost     bool // something was left out
}

func (v *copier) follows() bool { return true }
func (v *copier) missed(string) { v.lost = true }
func (v *copier) other(string)  { v.lost = true }

// target returns where a path below from belongs.
func (v *copier) target(path string) string { return v.to + path[len(v.from):] }

func (v *copier) file(path string, info os.FileInfo) {
	if !diskfile.Copy(v.r, path, v.target(path), info.Mode().Perm(), info.ModTime().Unix()) {
		v.lost = true
	}
}

func (v *copier) enter(path string, info os.FileInfo) {
	to := v.target(path)
	if err := syscall.Mkdir(to, uint32(conf.FolderAccess(info.Mode().Perm()))); err != nil {
		failed(v.r, err, httpd.OK, "mkdir()", to)
		v.lost = true
	}
}

func (v *copier) leave(path string, info os.FileInfo) {
	to := v.target(path)
	if err := os.Chtimes(to, time.Now(), info.ModTime().Truncate(time.Second)); err != nil {
		v.r.Logf(errlog.Alert, errno(err), `utimes() "%s" failed`, to)
	}
}
