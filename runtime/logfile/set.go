package logfile

import (
	"fmt"
	"path/filepath"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// Options describe a Set.
type Options struct {
	// Prefix is the folder that relative names are in (nginx's -p), with or without
	// a slash at the end.
	Prefix string
	// Previous is the open Set of the running configuration, nil at start.
	Previous *Set
	// Report receives the failures of later writes; it may be called on any goroutine
	// that logs, and may log. nil drops them.
	Report func(Problem)
	// OpenFile opens a path for appending; nil means open(2) with mode 0644. A worker
	// sets a function that takes the descriptors its master has sent.
	OpenFile func(path string) (fd int, err error)
}

// Set is the log files of one configuration. Its methods are called by the owner of
// the configuration, one at a time; the Files may be in use meanwhile.
type Set struct {
	opt     Options
	entries []*entry
	paths   map[string]*entry
	open    bool
}

type entry struct {
	file      *File
	buffering Buffering
	fd        int // opened, not yet installed
}

// NewSet makes an empty Set.
func NewSet(opt Options) *Set {
	if opt.OpenFile == nil {
		opt.OpenFile = OpenAppend
	}
	return &Set{opt: opt, paths: make(map[string]*entry)}
}

// OpenAppend opens a log file as NewSet does by default.
func OpenAppend(path string) (int, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_APPEND|syscall.O_CREAT|syscall.O_CLOEXEC, 0o644)
		if err != syscall.EINTR {
			return fd, err
		}
	}
}

// File registers a path and returns its File: the one it was given before, or that
// the previous Set has, or a new one.
func (s *Set) File(name string) *File { return s.entry(name).file }

// Buffered registers a path with buffering, which all logs into that path share. A
// second, different buffering is an error in nginx's words.
func (s *Set) Buffered(name string, b Buffering) (*File, error) {
	e := s.entry(name)
	if e.buffering != (Buffering{}) && e.buffering != b {
		return nil, fmt.Errorf("access_log \"%s\" already defined with conflicting parameters", name)
	}
	e.buffering = b
	return e.file, nil
}

// Stderr is the file that "error_log stderr" logs to. It needs no Open and is
// never reopened or closed.
func (s *Set) Stderr() *File { return &File{fd: syscall.Stderr, report: s.opt.Report} }

func (s *Set) entry(name string) *entry {
	path := name
	if !filepath.IsAbs(path) {
		path = s.opt.Prefix
		if path != "" && path[len(path)-1] != '/' {
			path += "/"
		}
		path += name
	}
	if e := s.paths[path]; e != nil {
		return e
	}
	e := &entry{fd: -1}
	if p := s.opt.Previous; p != nil && p.paths[path] != nil {
		e.file = p.paths[path].file
	} else {
		e.file = &File{path: path, fd: -1}
	}
	s.entries = append(s.entries, e)
	s.paths[path] = e
	return e
}

// Open opens every file, shared ones too (they may have been moved), and puts the
// new descriptors to use. When one cannot be opened the error is an *errno.OpError
// and nothing has changed.
func (s *Set) Open() error {
	for _, e := range s.entries {
		fd, err := s.opt.OpenFile(e.file.path)
		if err != nil {
			s.discard()
			return errno.Failed("open()", e.file.path, err)
		}
		e.fd = fd
	}
	for _, e := range s.entries {
		e.file.install(e.fd)
		e.fd = -1
		e.file.configure(e.buffering, s.opt.Report)
		e.file.mu.Lock()
		e.file.sets++
		e.file.mu.Unlock()
	}
	s.open = true
	s.opt.Previous = nil // a chain of generations must not stay reachable
	return nil
}

func (s *Set) discard() {
	for _, e := range s.entries {
		if e.fd >= 0 {
			_ = syscall.Close(e.fd)
			e.fd = -1
		}
	}
}

// Reopen handles USR1: each file is flushed, opened anew and only then replaced.
// owner, unless negative, becomes the user that new files belong to (a master does so
// for its workers). A file that cannot be opened keeps its old descriptor and is
// reported as Emerg.
func (s *Set) Reopen(owner int) {
	for _, e := range s.entries {
		fd, err := s.opt.OpenFile(e.file.path)
		if err != nil {
			s.emerg(errno.Failed("open()", e.file.path, err))
			continue
		}
		if owner >= 0 {
			if err := giveTo(fd, e.file.path, owner); err != nil {
				_ = syscall.Close(fd)
				s.emerg(err)
				continue
			}
		}
		e.file.install(fd)
	}
}

func (s *Set) emerg(e *errno.OpError) {
	if s.opt.Report != nil {
		s.opt.Report(Problem{Severity: Emerg, Text: e.Text(), Err: e.Err})
	}
}

// giveTo makes owner able to write the file at fd.
func giveTo(fd int, path string, owner int) *errno.OpError {
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return errno.Failed("stat()", path, err)
	}
	if int(st.Uid) != owner {
		if err := syscall.Fchown(fd, owner, -1); err != nil {
			return errno.Failed(fmt.Sprintf("chown(\"%s\", %d)", path, owner), "", err)
		}
	}
	const rw = syscall.S_IRUSR | syscall.S_IWUSR
	if st.Mode&rw != rw {
		if err := syscall.Fchmod(fd, uint32(st.Mode)&0o7777|rw); err != nil { //nolint:unconvert // 16 bits wide elsewhere
			return errno.Failed("chmod()", path, err)
		}
	}
	return nil
}

// Flush writes everything that is gathered or buffered.
func (s *Set) Flush() {
	for _, e := range s.entries {
		e.file.Flush()
	}
}

// Close flushes the files and closes those that no other open Set has. Lines that
// are written to a closed file are dropped.
func (s *Set) Close() {
	if !s.open {
		return
	}
	s.open = false
	for _, e := range s.entries {
		f := e.file
		f.mu.Lock()
		f.sets--
		last := f.sets == 0
		if last && f.timer != nil {
			f.timer.Stop()
		}
		f.mu.Unlock()
		if last {
			f.install(-1)
		} else {
			f.Flush()
		}
	}
}

// Duplicate returns the paths of the open files and duplicates of their descriptors,
// which belong to the caller: for a process that may not open them itself. The
// error is an *errno.OpError.
func (s *Set) Duplicate() (paths []string, fds []int, err error) {
	for _, e := range s.entries {
		fd, err := e.file.duplicate()
		if err != nil {
			for _, fd := range fds {
				_ = syscall.Close(fd)
			}
			return nil, nil, errno.Failed("fcntl(F_DUPFD_CLOEXEC)", e.file.path, err)
		}
		paths, fds = append(paths, e.file.path), append(fds, fd)
	}
	return paths, fds, nil
}
