package openfile

import (
	"bytes"
	"time"
)

// Symlinks is the disable_symlinks directive.
type Symlinks uint8

// How symbolic links in a path are treated.
const (
	SymlinksAllowed Symlinks = iota // disable_symlinks off
	SymlinksDenied                  // on: any link is ELOOP
	SymlinksIfOwner                 // if_not_owner: a link must belong to the owner of what it points to
)

// Options say how one file is opened. The zero value is what a location without
// any of the directives gets. Open keeps no reference.
type Options struct {
	// Files is the location's open_file_cache, nil for off; Valid, MinUses and
	// Errors are open_file_cache_valid, _min_uses and _errors.
	Files   *FileCache
	Valid   time.Duration
	MinUses int
	Errors  bool

	// Symlinks and SymlinksFrom are disable_symlinks for this path; see SetSymlinks.
	Symlinks     Symlinks
	SymlinksFrom int

	// TestDir marks a path that probably is a directory: stat is called before open.
	TestDir bool
	// TestOnly requests no contents. Without Files it takes one stat(2), and a
	// success has neither Content nor FD.
	TestOnly bool
	// NoContent requests a descriptor even where contents are cached.
	NoContent bool
}

// SetSymlinks applies disable_symlinks with its from= part to path: the initial
// components that from names are not checked. from must be whole components of the
// path to count; when it is the path, nothing is checked.
func (o *Options) SetSymlinks(s Symlinks, path, from []byte) {
	o.Symlinks, o.SymlinksFrom = s, 0
	n := len(from)
	if s == SymlinksAllowed || n == 0 || !bytes.HasPrefix(path, from) {
		return
	}
	switch {
	case n == len(path):
		o.Symlinks = SymlinksAllowed
	case path[n] == '/':
		o.SymlinksFrom = n
	case path[n-1] == '/':
		o.SymlinksFrom = n - 1
	}
}
