package inputs

import (
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// Record is everything that a load took from outside, and answers the same
// questions again; it implements conf.Inputs. Its fields are exported for
// encoding/gob alone. It contains the secrets of the configuration.
type Record struct {
	Confs map[string][]byte // configuration files
	Globs map[string][]string
	Files map[string]File // all others
	Hosts map[string][]netip.Addr
}

// File is what became of reading one: its text, or the call that failed and why.
type File struct {
	Data  []byte
	Op    string // "" for success
	Errno syscall.Errno
}

// ReadConf implements conf.Inputs. What was not recorded does not exist.
func (r *Record) ReadConf(path string) ([]byte, error) {
	data, ok := r.Confs[path]
	if !ok {
		return nil, missing(path)
	}
	return data, nil
}

// ReadState implements conf.Inputs: the file as it is now, unless this process may not
// read it.
func (r *Record) ReadState(path string) ([]byte, error) {
	data, err := conf.Files{}.ReadState(path)
	if errors.Is(err, fs.ErrPermission) {
		return r.ReadConf(path)
	}
	return data, err
}

// Glob implements conf.Inputs.
func (r *Record) Glob(pattern string) []string { return slices.Clone(r.Globs[pattern]) }

// ReadFile implements conf.Inputs.
func (r *Record) ReadFile(path string) ([]byte, error) {
	f, ok := r.Files[path]
	switch {
	case !ok:
		return nil, missing(path)
	case f.Op != "":
		return nil, &fs.PathError{Op: f.Op, Path: path, Err: f.Errno}
	}
	return slices.Clone(f.Data), nil
}

// LookupHost implements conf.Inputs.
func (r *Record) LookupHost(host string) ([]netip.Addr, error) {
	addrs := r.Hosts[host]
	if len(addrs) == 0 {
		return nil, errors.New("host not found")
	}
	return slices.Clone(addrs), nil
}

func missing(path string) error { return &fs.PathError{Op: "open", Path: path, Err: syscall.ENOENT} }

// Recorder implements conf.Inputs with those of another, and keeps what it says.
// Not safe for concurrent use.
type Recorder struct {
	from   conf.Inputs
	record Record
}

// NewRecorder records what from answers.
func NewRecorder(from conf.Inputs) *Recorder {
	return &Recorder{from: from, record: Record{
		Confs: map[string][]byte{}, Globs: map[string][]string{}, Files: map[string]File{}, Hosts: map[string][]netip.Addr{},
	}}
}

// Record is what was asked so far. It belongs to the caller, the Recorder is done.
func (r *Recorder) Record() *Record { return &r.record }

// ReadConf implements conf.Inputs. A failure ends a load and is not kept.
func (r *Recorder) ReadConf(path string) ([]byte, error) {
	data, err := r.from.ReadConf(path)
	if err == nil {
		r.record.Confs[path] = data
	}
	return data, err
}

// ReadState implements conf.Inputs.
func (r *Recorder) ReadState(path string) ([]byte, error) { return r.ReadConf(path) }

// Glob implements conf.Inputs.
func (r *Recorder) Glob(pattern string) []string {
	names := r.from.Glob(pattern)
	r.record.Globs[pattern] = slices.Clone(names)
	return names
}

// ReadFile implements conf.Inputs. What is read twice is the same both times.
func (r *Recorder) ReadFile(path string) ([]byte, error) {
	if _, ok := r.record.Files[path]; !ok {
		data, err := r.from.ReadFile(path)
		f := File{Data: data}
		if err != nil {
			f = File{Op: "open", Errno: syscall.EIO}
			var failed *fs.PathError
			if errors.As(err, &failed) {
				f.Op = failed.Op
			}
			_ = errors.As(err, &f.Errno)
		}
		r.record.Files[path] = f
	}
	return r.record.ReadFile(path)
}

// LookupHost implements conf.Inputs.
func (r *Recorder) LookupHost(host string) ([]netip.Addr, error) {
	addrs, err := r.from.LookupHost(host)
	if err == nil {
		r.record.Hosts[host] = slices.Clone(addrs)
	}
	return addrs, err
}
