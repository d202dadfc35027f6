package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// replaceFile gives a file other contents and leaves it what it is: owner, group, mode, extended attributes (which are
// access control lists and labels, too), hard links; a symbolic link stays, and so does a file that something is mounted
// on. It is done at once, so that a server that reads its configuration meanwhile never finds half of it, where another
// file can take the place of the old one with all of this; else the old one is written over.
func replaceFile(path string, old, data []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink == 1 && exchangeFile(path, info, st, data) {
		return nil
	}
	return overwriteFile(path, old, data)
}

// exchangeFile makes another file and moves it over the old one. ok is false where that cannot be, as in a folder that
// cannot be written to, on a mount, or for a user who may not give files away; nothing has changed then.
func exchangeFile(path string, info os.FileInfo, st *syscall.Stat_t, data []byte) (ok bool) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return false
	}
	defer func() {
		_ = tmp.Close() // it is written, or of no use
		if !ok {
			_ = os.Remove(tmp.Name())
		}
	}()
	if _, err := tmp.Write(data); err != nil {
		return false
	}
	if err := tmp.Chown(int(st.Uid), int(st.Gid)); err != nil {
		return false
	}
	const bits = os.ModePerm | os.ModeSetuid | os.ModeSetgid | os.ModeSticky
	if err := tmp.Chmod(info.Mode() & bits); err != nil { // after the change of owner, which takes some of them away
		return false
	}
	if !sameAttributes(path, tmp.Name()) || tmp.Sync() != nil {
		return false
	}
	return os.Rename(tmp.Name(), path) == nil
}

// overwriteFile writes data into the file. Where that fails in between, as on a full disk, it puts the old contents back.
func overwriteFile(path string, old, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err = fill(f, data); err != nil {
		if e := fill(f, old); e != nil {
			return fmt.Errorf("%w; what it held could not be written back: %w", err, e)
		}
	}
	return err
}

// fill makes data the contents of f.
func fill(f *os.File, data []byte) error {
	if _, err := f.WriteAt(data, 0); err != nil {
		return err
	}
	if err := f.Truncate(int64(len(data))); err != nil {
		return err
	}
	return f.Sync()
}

// sameAttributes reports whether two files have the same extended attributes, all of which can be read.
func sameAttributes(a, b string) bool {
	listA, listB := attributes(a), attributes(b)
	if !bytes.Equal(listA, listB) {
		return false
	}
	for name := range bytes.SplitSeq(listA, []byte{0}) {
		if len(name) == 0 {
			continue
		}
		value := attribute(a, string(name))
		if value == nil || !bytes.Equal(value, attribute(b, string(name))) {
			return false
		}
	}
	return true
}

// maxAttributes is what Linux has at most of names, and of a value.
const maxAttributes = 64 << 10

// attributes lists the names, each with a zero behind it; nothing where the file system has none.
func attributes(path string) []byte {
	b := make([]byte, maxAttributes)
	n, err := unix.Listxattr(path, b)
	if err != nil {
		return nil
	}
	return b[:n]
}

// attribute is a value, nil for one that cannot be read.
func attribute(path, name string) []byte {
	b := make([]byte, maxAttributes)
	n, err := unix.Getxattr(path, name, b)
	if err != nil {
		return nil
	}
	return b[:n]
}
