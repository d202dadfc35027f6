package zone

import (
	"os"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// minPages is the smallest size of a zone.
const minPages = 8

// ParseParam reads the parameter zone=name:size.
func ParseParam(c *conf.Cmd, param string) (name string, size int64, err error) {
	name, text, found := strings.Cut(strings.TrimPrefix(param, "zone="), ":")
	size, ok := conf.ParseSize(text)
	switch {
	case !found || !ok:
		return "", 0, c.Errorf(`invalid zone size "%s"`, param)
	case size < int64(minPages*os.Getpagesize()):
		return "", 0, c.Errorf(`zone "%s" is too small`, param)
	}
	return name, size, nil
}
