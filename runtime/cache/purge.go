package cache

import "github.com/sluiceproxy/sluice/runtime/diskfile"

// purges counts the purges of a zone.
type purges struct{}

func (p *purges) count() uint64 { return 0 }

// Purge removes the entry of a key, with its variants, and reports whether there was one.
// text is the key's. A response that is being stored meanwhile is dropped.
func (z *Zone) Purge(o diskfile.Owner, key Key, text []byte) (found bool) { return false }

// PurgePrefix removes all entries whose key's text begins with prefix: what *_cache_purge does
// with a key that ends with an asterisk, which is not part of prefix. They are misses at once.
// Their files are removed when they are asked for, or inactive, or by the purger.
func (z *Zone) PurgePrefix(o diskfile.Owner, prefix []byte) {}
