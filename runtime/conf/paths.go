package conf

import "strings"

// usedPath is a folder that a directive has taken for files of the program's
// own.
type usedPath struct {
	levels [3]int
	owned  bool
	at     string // FILE:LINE
}

// DefaultPath takes the folder dir for files where no directive names one. It
// fails where a directive took it with other levels.
func (l *Loader) DefaultPath(dir string, levels [3]int) error {
	if old, known := l.paths[dir]; known && !old.owned && old.levels != levels {
		return plain(Sprintf(`the path name "%s" in %s has the same name as default path, but the different levels, `+
			`you need to define default path in http section`, dir, old.at))
	}
	return nil
}

// UsePath takes the folder dir, complete, for files in subdirectories of the
// levels given. Temporary files of several kinds may share a folder if they
// agree about the levels; an owned one, such as a cache's, has no other use.
func (c *Cmd) UsePath(dir string, levels [3]int, owned bool) error {
	l := c.Loader
	old, known := l.paths[dir]
	switch {
	case known && (owned || old.owned):
		return c.Errorf(`the same path name "%s" used in %s and`, dir, old.at)
	case known && old.levels != levels:
		return c.Errorf(`the same path name "%s" in %s has the different levels than`, dir, old.at)
	case !known:
		if l.paths == nil {
			l.paths = map[string]usedPath{}
		}
		l.paths[dir] = usedPath{levels, owned, strings.TrimPrefix(c.At(), " in ")}
	}
	return nil
}
