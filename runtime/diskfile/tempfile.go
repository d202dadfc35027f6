package diskfile

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
)

// TempPath is a directory for temporary files with up to three levels of
// subdirectories, each named by so many digits of the file's number.
type TempPath struct {
	Dir    string // absolute
	Levels [3]int
	given  bool // by a directive
}

// TempDigits is how many digits the name of a temporary file has.
const TempDigits = 10

// Set reads a *_temp_path directive: a path and the levels.
func (t *TempPath) Set(c *conf.Cmd) error {
	*t = TempPath{Dir: c.Loader.FullPath(strings.TrimSuffix(c.Arg(0), "/")), given: true}
	c.Loader.Folder(t.Dir)
	digits := 0
	for i := 1; i < len(c.Args); i++ {
		n, ok := conf.ParseInt(c.Arg(i))
		if digits += n; !ok || n < 1 || digits > TempDigits {
			return c.Bad("invalid value")
		}
		t.Levels[i-1] = n
	}
	return c.UsePath(t.Dir, t.Levels, false)
}

// Default checks a folder that no directive named against those that
// directives did.
func (t *TempPath) Default(l *conf.Loader) error {
	if t.given {
		return nil
	}
	return l.DefaultPath(t.Dir, t.Levels)
}

// Digits returns the ten digits for a number in the name of a temporary file, which have 32 bits of it.
func Digits(n uint64) string {
	text := strconv.FormatUint(uint64(uint32(n)), 10)
	return "0000000000"[:TempDigits-len(text)] + text
}

// path returns the name of file n.
func (t *TempPath) path(n uint64) string {
	name := Digits(n)
	dir, rest := t.Dir, name
	for _, l := range t.Levels {
		if l == 0 || l > len(rest) {
			break
		}
		dir = filepath.Join(dir, rest[len(rest)-l:])
		rest = rest[:len(rest)-l]
	}
	return filepath.Join(dir, name)
}

// Create creates a file in t for o. A failure is logged.
func (t *TempPath) Create(o Owner) (*os.File, error) { return CreateNumbered(o, t.path) }

// CreateNumbered creates a file for o whose path is made of a number, of which 32 bits are used, and the folder of the path where
// that is missing. A number whose file exists is skipped. A failure is logged.
func CreateNumbered(o Owner, path func(n uint64) string) (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	for n := o.Numbers().Add(1); ; {
		name := path(n)
		f, err := os.OpenFile(name, flags, 0o600)
		if errors.Is(err, os.ErrNotExist) {
			dir := filepath.Dir(name)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				o.Logf(errlog.Crit, err, `mkdir() "%s" failed`, dir)
				return nil, err
			}
			f, err = os.OpenFile(name, flags, 0o600)
		}
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, os.ErrExist):
			// Files of an earlier process may be kept, and there may be many of them.
			n = o.Numbers().Add(uint64(rand.Uint32()))
			continue
		}
		o.Logf(errlog.Crit, err, `open() "%s" failed`, name)
		return nil, err
	}
}
