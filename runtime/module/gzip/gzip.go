package gzip

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/mediatype"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_gzip_filter_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_gzip_module", Register: register}
}

// settings are the gzip directives of a block.
type settings struct {
	enable    bool
	vary      bool
	level     int
	minLength int64
	types     mediatype.Set
	accept    accept
}

// accept are the directives that decide whether a client gets gzip.
type accept struct {
	version int // gzip_http_version: 1000 or 1001
	proxied conf.Slot[int]
	msie6   bool
	agents  conf.List[*regex.Regex]
}

// The bits of gzip_proxied.
const (
	proxiedOff = 1 << iota
	proxiedExpired
	proxiedNoCache
	proxiedNoStore
	proxiedPrivate
	proxiedNoLastModified
	proxiedNoETag
	proxiedAuth
	proxiedAny
)

var proxiedWords = []conf.Choice{
	{Word: "off", Value: proxiedOff},
	{Word: "expired", Value: proxiedExpired},
	{Word: "no-cache", Value: proxiedNoCache},
	{Word: "no-store", Value: proxiedNoStore},
	{Word: "private", Value: proxiedPrivate},
	{Word: "no_last_modified", Value: proxiedNoLastModified},
	{Word: "no_etag", Value: proxiedNoETag},
	{Word: "auth", Value: proxiedAuth},
	{Word: "any", Value: proxiedAny},
}

func defaults() settings {
	return settings{
		level: 1, minLength: 20, types: mediatype.NewSet("text/html"),
		accept: accept{version: 1001, proxied: conf.Slot[int]{V: proxiedOff}},
	}
}

func bind(c *settings, t *conf.Table) {
	t.Flag("gzip", &c.enable)
	t.Flag("gzip_vary", &c.vary)
	t.Int("gzip_comp_level", &c.level, 1, 9)
	t.Size("gzip_min_length", &c.minLength)
	c.types.Bind(t, "gzip_types")
	t.Enum("gzip_http_version", &c.accept.version, []conf.Choice{{Word: "1.0", Value: 1000}, {Word: "1.1", Value: 1001}})
	t.Bitmask("gzip_proxied", &c.accept.proxied, proxiedWords)
	t.Func("gzip_disable", c.accept.disable)
	var ignored conf.Buffers
	t.Bufs("gzip_buffers", &ignored)
	var flag bool
	t.Flag("gzip_no_buffer", &flag)
	var size int64
	t.Size("postpone_gzipping", &size)
	t.Func("gzip_window", checkWindow)
	t.Func("gzip_hash", checkHash)
}

var (
	checkWindow = powerOfTwo(32<<10, "must be 512, 1k, 2k, 4k, 8k, 16k, or 32k")
	checkHash   = powerOfTwo(128<<10, "must be 512, 1k, 2k, 4k, 8k, 16k, 32k, 64k, or 128k")
)

// addHints adds the directives without effect, with the reasons.
func addHints(m *conf.Module) {
	m.Hint("gzip_buffers", conf.WhyPool, conf.CheckBuffers)
	m.Hint("gzip_no_buffer", conf.WhyPool, conf.CheckFlag)
	m.Hint("postpone_gzipping", conf.WhyPool, conf.CheckSize)
	m.Hint("gzip_window", "the compressor's window is fixed", checkWindow)
	m.Hint("gzip_hash", conf.WhyPool, checkHash)
}

// powerOfTwo checks a size between 512 and limit.
func powerOfTwo(limit int64, otherwise string) func(*conf.Cmd) error {
	return func(cmd *conf.Cmd) error {
		n, ok := conf.ParseSize(cmd.Arg(0))
		switch {
		case !ok:
			return cmd.Bad("invalid value")
		case n < 512 || n > limit || n&(n-1) != 0:
			return cmd.Bad(otherwise)
		}
		return nil
	}
}

// disable reads gzip_disable.
func (a *accept) disable(cmd *conf.Cmd) error {
	for _, pattern := range cmd.Values() {
		if pattern == "msie6" {
			a.msie6 = true
			continue
		}
		re, err := regex.Compile(pattern, true)
		if err != nil {
			return cmd.Errorf("%s", err.Error())
		}
		a.agents.Add(cmd.Block, re)
	}
	return nil
}

// Checker answers for one location whether clients may get gzip; other modules
// ask it. Immutable after load.
type Checker struct {
	a    *accept
	vary bool
}

// shared is how other modules reach the settings; its type is the key.
type shared struct{ section *conf.Section[settings] }

func sharedOf(b *httpd.Builder) *shared {
	s, _ := b.Shared(shared{}, func() any { return new(shared) }).(*shared)
	return s
}

// Checks returns the function that finds the checker of a block, for modules
// that send what is gzipped already. Call the result while plans are made.
func Checks(b *httpd.Builder) func(*conf.Block) Checker {
	s := sharedOf(b)
	return func(block *conf.Block) Checker {
		c := s.section.Of(block)
		return Checker{a: &c.accept, vary: c.vary}
	}
}

func register(b *httpd.Builder, m *conf.Module) {
	section := conf.NewSection(m, defaults(), bind)
	sharedOf(b).section = section
	addHints(m)
	slot, place := b.Slot(), b.FilterPlace()
	b.Vars.Define("gzip_ratio", httpd.Var{Unhashed: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
		f, ok := (*r.Ctx(slot)).(*filter)
		if !ok || !f.finished {
			return nil, false
		}
		return appendRatio(r.Alloc(24)[:0], f.in, f.out), true
	}})
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); c.enable {
			p.HeaderFilter(hook{c: c, slot: slot, place: place}.header)
		}
	})
}

// hook is the header filter of one location.
type hook struct {
	c     *settings
	slot  int
	place httpd.FilterPlace
}

var (
	nameEncoding = []byte("Content-Encoding")
	valueGzip    = []byte("gzip")
)

// header decides whether the response is compressed.
func (h hook) header(r *httpd.Request) httpd.Result {
	c, o := h.c, &r.Out
	if o.Status != 200 && o.Status != 403 && o.Status != 404 ||
		o.ContentLength != -1 && o.ContentLength < c.minLength ||
		r.HeaderOnly() || len(o.Value(h1.ContentEncoding)) > 0 || !c.types.Match(o) {
		return httpd.OK
	}
	r.GzipVary(c.vary)
	if !c.accept.ok(r) {
		return httpd.OK
	}
	o.Add(h1.ContentEncoding, nameEncoding, valueGzip)
	o.ClearContentLength()
	r.ClearAcceptRanges()
	r.WeakenETag()
	f := newFilter(c.level)
	*r.Ctx(h.slot) = f
	r.AddBodyFilter(h.place, f, r.Method != h1.Head)
	return httpd.OK
}
