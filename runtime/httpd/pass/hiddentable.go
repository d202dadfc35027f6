package pass

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// CheckHidden refuses servers with more in *_hide_header than nginx's tables of these fields would hold, such as a name
// that is too long for them, or warns of it. The tables of fastcgi, uwsgi and scgi have no directives for their sizes. A
// server or location has them with or without *_pass; one that has the lists of the block around it takes that block's
// table. Since http has none of its own, the first server that has http's lists makes it for all.
func CheckHidden(b *httpd.Builder, prefix string, hidden []string, of func(*conf.Block) *Settings) {
	made, within := false, true // the table of http, and those of the blocks in a server
	var check func(block *conf.Block, made *bool) error
	check = func(block *conf.Block, made *bool) error {
		s := of(block)
		if own := s.Hide.SetAt(block) || s.Pass.SetAt(block); own || !*made {
			*made = *made || !own
			table := block.HashOf(prefix+"_hide_headers_hash", 512, 64)
			if err := table.Check(s.HiddenNames(hidden), b.Loader.Warnf); err != nil {
				return conf.Unlocated(err.Error())
			}
		}
		for _, child := range block.Children() {
			if err := check(child, &within); err != nil {
				return err
			}
		}
		return nil
	}
	b.EachServer(func(s *httpd.Server) error { return check(s.Root.Block, &made) })
}

// HiddenNames are the fields of a response that do not go on to the client, in the order in which nginx has them; hidden
// are those that do not by default.
func (s *Settings) HiddenNames(hidden []string) []string {
	known := map[string]bool{}
	for _, name := range s.Pass.Items {
		known[strings.ToLower(name)] = true
	}
	var names []string
	for _, list := range [][]string{hidden, s.Hide.Items} {
		for _, name := range list {
			if lower := strings.ToLower(name); !known[lower] {
				known[lower] = true
				names = append(names, name)
			}
		}
	}
	return names
}
