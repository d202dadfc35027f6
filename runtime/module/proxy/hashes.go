package proxy

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// nginx makes two hash tables that it calls proxy_headers_hash: one of the fields of a
// response that are hidden, one of the fields of a request that are set. Both hold
// nginx's own names besides those of the configuration. Every server and location has
// them, with or without proxy_pass; one that has the lists of the block around it takes
// that block's tables. Since http has no tables of its own, the first server that has
// http's lists makes them for all.

// hashes records which tables of a block have been made.
type hashes struct{ hidden, set bool }

// checkHashes refuses a server whose names nginx's tables would not hold, or warns of
// it. nginx makes one more table where there is a cache, of six more short names: that one
// alone is never too small but for a proxy_headers_hash_max_size next to it, and is not
// looked at.
func (m *module) checkHashes(s *httpd.Server) error {
	return m.checkHashesOf(s.Root.Block, &m.shared)
}

// checkHashesOf checks the tables of a block and of those in it; outer are those of the
// block around it.
func (m *module) checkHashesOf(block *conf.Block, outer *hashes) error {
	table := block.HashOf("proxy_headers_hash", 512, 64)
	check := func(names []string) error {
		if err := table.Check(names, m.b.Loader.Warnf); err != nil {
			return conf.Unlocated(err.Error())
		}
		return nil
	}
	c := m.section.Of(block)
	ownLists := c.Hide.SetAt(block) || c.Pass.SetAt(block)
	ownFields := c.headers.SetAt(block)
	if ownLists || !outer.hidden {
		if err := check(c.HiddenNames(hidden)); err != nil {
			return err
		}
		outer.hidden = outer.hidden || !ownLists
	}
	if ownFields || !outer.set {
		if err := check(setNames(c.headers.Items)); err != nil {
			return err
		}
		outer.set = outer.set || !ownFields
	}
	made := hashes{hidden: true, set: true}
	for _, child := range block.Children() {
		if err := m.checkHashesOf(child, &made); err != nil {
			return err
		}
	}
	return nil
}

// setNames are the fields of a request that proxy_set_header sets and those that are
// set by default. Host is among the latter even where it is in the list.
func setNames(list []header) []string {
	names := make([]string, 0, len(list)+len(defaultHeaders))
	for i := range list {
		if !strings.EqualFold(list[i].name, "Host") {
			names = append(names, list[i].name)
		}
	}
	for _, d := range defaultHeaders {
		if !contains(names, d[0]) {
			names = append(names, d[0])
		}
	}
	return names
}

// contains reports whether a name of a field is in the list.
func contains(list []string, name string) bool {
	for _, s := range list {
		if strings.EqualFold(s, name) {
			return true
		}
	}
	return false
}
