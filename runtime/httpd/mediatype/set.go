package mediatype

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd/header"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Set is the value of gzip_types, charset_types and similar directives: the
// types of response that a filter works on. The first of the defaults holds beside
// the ones that are named. Immutable after load.
type Set struct {
	all      bool
	list     []string
	standard []string
	at       *conf.Block
}

// NewSet returns the set that holds where the directive is not used.
// The types are in lower case.
func NewSet(defaults ...string) Set {
	return Set{list: defaults, standard: defaults}
}

// Bind ties the directive name to the set.
func (m *Set) Bind(t *conf.Table, name string) {
	t.Func(name, func(c *conf.Cmd) error {
		if m.at != c.Block {
			m.at, m.all, m.list = c.Block, false, slices.Clone(m.standard[:min(1, len(m.standard))])
		}
		for _, a := range c.Args {
			if m.all {
				break
			}
			v := strings.ToLower(a.Value)
			if err := testTypes.CheckLengths([]string{v}); err != nil {
				c.Loader.Errorf("%s", err.Error())
			}
			switch {
			case v == "*":
				m.all = true
			case slices.Contains(m.list, v):
				c.Warnf(`duplicate MIME type "%s"`, v)
			default:
				m.list = append(m.list, v)
			}
		}
		return nil
	})
}

// testTypes is the table that nginx has of such a set, which no directive sizes.
var testTypes = conf.Hash{Name: "test_types_hash", Max: 2048, Bucket: 64}

// Match reports whether the response's type is in the set.
func (m *Set) Match(o *header.Out) bool {
	if m.all {
		return true
	}
	if len(o.ContentType) == 0 {
		return false
	}
	t := o.MediaType()
	for _, want := range m.list {
		if h1.EqualFold(t, want) {
			return true
		}
	}
	return false
}
