package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/parser"
)

// formatTargets gathers the files that `sluice fmt` is to look at, each once.
type formatTargets struct {
	follow bool // what is included, too
	list   []string
	seen   map[string]bool // by the name without symbolic links
}

// add takes a file, a folder or, where there is no such file, a pattern.
func (t *formatTargets) add(name string) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return t.folder(name)
	case err != nil && strings.ContainsAny(name, "*?["):
		paths, err := filepath.Glob(name)
		if err != nil {
			return err
		}
		if len(paths) == 0 {
			return fmt.Errorf("no file matches %s", name)
		}
		for _, path := range paths {
			if err := t.add(path); err != nil {
				return err
			}
		}
		return nil
	}
	return t.file(name, filepath.Dir(name)+"/")
}

// folder takes the configurations of a folder and of those in it: files whose names end with .conf, and all files of
// folders that nginx reads whole, except those that editors and packages leave behind.
func (t *formatTargets) folder(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return nil // a link to nothing or to a folder
		}
		if isConfiguration(path) {
			return t.file(path, root+"/")
		}
		return nil
	})
}

// isConfiguration tells a configuration by its name.
func isConfiguration(path string) bool {
	name, dir := filepath.Base(path), filepath.Base(filepath.Dir(path))
	switch {
	case strings.HasPrefix(name, "."):
		return false
	case strings.HasSuffix(name, ".conf"):
		return true
	case dir != "sites-available" && dir != "sites-enabled":
		return false
	}
	left := []string{"~", ".bak", ".orig", ".rej", ".swp", ".dpkg-old", ".dpkg-dist", ".dpkg-new", ".rpmsave", ".rpmnew"}
	return !slices.ContainsFunc(left, func(end string) bool { return strings.HasSuffix(name, end) })
}

// file takes a file, unless it was taken before, and what it includes. prefix is what relative names of included files
// follow.
func (t *formatTargets) file(path, prefix string) error {
	name, err := filepath.EvalSymlinks(path)
	if err != nil {
		name = path // reading it tells
	}
	if name, err = filepath.Abs(name); err != nil {
		return err
	}
	if t.seen[name] {
		return nil
	}
	if t.seen == nil {
		t.seen = map[string]bool{}
	}
	t.seen[name] = true
	t.list = append(t.list, path)
	if !t.follow {
		return nil
	}
	f, err := parser.Load(path)
	if err != nil {
		return nil // formatting it tells
	}
	return t.includes(f.Body, prefix)
}

// includes takes the files that statements include.
func (t *formatTargets) includes(list []*parser.Directive, prefix string) error {
	for _, d := range list {
		if d.Err == nil && d.Name.Value == "include" && len(d.Args) == 1 && !d.IsBlock {
			paths, err := parser.Include(d.Args[0].Value, prefix)
			if err != nil {
				return err
			}
			for _, path := range paths {
				if err := t.file(filepath.Clean(path), prefix); err != nil {
					return err
				}
			}
		}
		if err := t.includes(d.Block, prefix); err != nil {
			return err
		}
	}
	return nil
}
