package pass

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// nginx makes two hash tables that have one name, proxy_headers_hash or grpc_headers_hash: one of the fields of a
// response that are hidden, one of the fields of a request that are set. Both hold
// nginx's own names besides those of the configuration. Every server and location has
// them, with or without *_pass; one that has the lists of the block around it takes
// that block's tables. Since http has no tables of its own, the first server that has
// http's lists makes them for all.

// HeaderTables are the tables of a module.
type HeaderTables struct {
	Name     string   // "proxy_headers_hash"
	Hidden   []string // the fields of a response that stay here by default
	Defaults []string // the fields of a request that are set by default
	// Of returns the settings of a block, the fields that *_set_header sets there, and whether the block has a list of its own.
	Of func(block *conf.Block) (s *Settings, set []string, own bool)
}

// madeTables records which tables of a block have been made.
type madeTables struct{ hidden, set bool }

// CheckHeaders refuses servers whose names nginx's tables would not hold, or warns of
// it. nginx makes one more table where there is a cache, of six more short names: that one
// alone is never too small but for a proxy_headers_hash_max_size next to it, and is not
// looked at.
func CheckHeaders(b *httpd.Builder, t *HeaderTables) {
	shared := madeTables{} // of http
	b.EachServer(func(s *httpd.Server) error { return t.check(b, s.Root.Block, &shared) })
}

// check checks the tables of a block and of those in it; outer are those of the
// block around it.
func (t *HeaderTables) check(b *httpd.Builder, block *conf.Block, outer *madeTables) error {
	table := block.HashOf(t.Name, 512, 64)
	check := func(names []string) error {
		if err := table.Check(names, b.Loader.Warnf); err != nil {
			return conf.Unlocated(err.Error())
		}
		return nil
	}
	s, set, ownFields := t.Of(block)
	ownLists := s.Hide.SetAt(block) || s.Pass.SetAt(block)
	if ownLists || !outer.hidden {
		if err := check(s.HiddenNames(t.Hidden)); err != nil {
			return err
		}
		outer.hidden = outer.hidden || !ownLists
	}
	if ownFields || !outer.set {
		if err := check(t.setNames(set)); err != nil {
			return err
		}
		outer.set = outer.set || !ownFields
	}
	made := madeTables{hidden: true, set: true}
	for _, child := range block.Children() {
		if err := t.check(b, child, &made); err != nil {
			return err
		}
	}
	return nil
}

// setNames are the fields of a request that *_set_header sets and those that are
// set by default. Host is among the latter even where it is in the list.
func (t *HeaderTables) setNames(set []string) []string {
	names := make([]string, 0, len(set)+len(t.Defaults))
	for _, name := range set {
		if !strings.EqualFold(name, "Host") {
			names = append(names, name)
		}
	}
	for _, d := range t.Defaults {
		if !slices.ContainsFunc(names, func(s string) bool { return strings.EqualFold(s, d) }) {
			names = append(names, d)
		}
	}
	return names
}
