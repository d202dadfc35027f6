package pass

import (
	"slices"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// NewCaches are the caches of a module with a prefix such as "proxy": it binds
// *_cache_path, and makes the zones at the end. convertHead says that the module has the
// directive *_cache_convert_head, ownKey that its codec is a [KeyAppender]. s are the defaults of the module's settings; their
// directives are bound by [Settings.CacheTable].
func NewCaches(b *httpd.Builder, m *conf.Module, prefix string, s *Settings, convertHead, ownKey bool) {
	paths := caching.NewPaths(m.Name)
	m.Directive(prefix+"_cache_path", paths.Set)
	m.Announce(conf.Spec{
		Name: prefix + "_cache_rfc9111", Contexts: conf.HTTP | conf.Server | conf.Location, Min: 1, Max: 1, Flag: true,
		Default: "off", Once: true,
	})
	b.Loader.AtEnd(func() error { return paths.Complete(b) })
	paths.ConvertHead, paths.OwnKey = convertHead, ownKey
	paths.Warnf = b.Loader.WarnAtEnd
	s.Cache = caching.Defaults(paths)
	s.Cache.ConvertHead = convertHead
}

// CacheTable binds the directives about a cache under a prefix. next are the words of
// *_next_upstream, which are those of *_cache_use_stale, too.
func (s *Settings) CacheTable(b *httpd.Builder, t *conf.Table, prefix string, next []conf.Choice) {
	s.Cache.Table(b, t, prefix, next, func(c *conf.Cmd) error {
		if s.Store.enabled && s.Store.at == c.Block {
			return c.Bad(`is incompatible with "` + prefix + `_store"`)
		}
		s.Store.enabled = false
		return nil
	}, purgeOwn)
}

// cacheFields are set in a request whose response may be stored: it is asked for whole, and
// on no condition but that the cache's own entry is no more right. An empty value keeps the
// client's field away.
var cacheFields = [...][2]string{
	{"If-Modified-Since", "$upstream_cache_last_modified"},
	{"If-Unmodified-Since", ""},
	{"If-None-Match", "$upstream_cache_etag"},
	{"If-Match", ""},
	{"Range", ""},
	{"If-Range", ""},
}

// CacheField is a field that is set in a request whose response may be stored.
type CacheField struct {
	Name  string
	Value *script.Value
}

// CacheFields are those that are set where the configuration does not say otherwise.
func CacheFields(b *httpd.Builder) (list []CacheField, err error) {
	for _, f := range cacheFields {
		v, err := b.Vars.Compile(f[1])
		if err != nil {
			return nil, err
		}
		list = append(list, CacheField{f[0], v})
	}
	return list, nil
}

// CacheParams are the fields of [CacheFields] as parameters.
func CacheParams(b *httpd.Builder) ([]Param, error) {
	fields, err := CacheFields(b)
	list := make([]Param, len(fields))
	for i, f := range fields {
		name := strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		list[i] = Param{Name: string(httpPrefix) + name, Value: f.Value, IfNotEmpty: true}
	}
	return list, err
}

// WithCacheParams adds those of cached to list that are not in it.
func WithCacheParams(list, cached []Param) []Param {
	all := slices.Clone(list)
	for _, p := range cached {
		if !slices.ContainsFunc(list, func(q Param) bool { return strings.EqualFold(p.Name, q.Name) }) {
			all = append(all, p)
		}
	}
	return all
}

// Cacheable reports whether the response is to be stored, as far as is known: then the
// request has the fields of [CacheFields].
func (x *Exchange) Cacheable() bool { return x.cached.cacheable }
