package conf

import (
	"os"
	"strings"
)

// Access is permissions of files, "user:rw group:rw all:r". The user may read
// and write where it is not named. Folders are to have [FolderAccess] of it.
func (t *Table) Access(name string, p *os.FileMode) {
	if !t.hit(name) {
		return
	}
	mode, user := os.FileMode(0), os.FileMode(0o600)
	for _, a := range t.cmd.Args {
		who, rights, _ := strings.Cut(a.Value, ":")
		bits, ok := map[string]os.FileMode{"rw": 6, "r": 4}[rights]
		shift, known := map[string]int{"user": 6, "group": 3, "all": 0}[who]
		if !ok || !known {
			t.err = t.cmd.Errorf(`invalid value "%s"`, a.Value)
			return
		}
		if who == "user" {
			user = 0
		}
		mode |= bits << shift
	}
	*p = mode | user
}

// FolderAccess adds the right to enter a folder wherever it may be read.
func FolderAccess(mode os.FileMode) os.FileMode { return mode | mode&0o444>>2 }
