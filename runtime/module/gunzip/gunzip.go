package gunzip

import (
	"os"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/module/gzip"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// Module is ngx_http_gunzip_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_gunzip_module", Register: register}
}

type settings struct {
	enable  bool
	buffers conf.Buffers
}

func bind(c *settings, t *conf.Table) {
	t.Flag("gunzip", &c.enable)
	t.Bufs("gunzip_buffers", &c.buffers)
}

// defaultMemory is what gunzip_buffers amounts to where it is not given.
const defaultMemory = 128 << 10

func register(b *httpd.Builder, m *conf.Module) {
	page := os.Getpagesize()
	defaults := settings{buffers: conf.Buffers{Num: defaultMemory / page, Size: int64(page)}}
	section := conf.NewSection(m, defaults, bind)
	checks, place := gzip.Checks(b), b.FilterPlace()
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); c.enable {
			p.HeaderFilter(hook{check: checks(p.Block), size: c.size(), place: place}.header)
		}
	})
}

// maxPiece is the most that is decompressed before it is passed on.
const maxPiece = 64 << 10

// size returns how much is decompressed before it is passed on.
func (c *settings) size() int {
	return int(min(min(int64(c.buffers.Num), maxPiece)*min(c.buffers.Size, maxPiece), maxPiece))
}

// hook is the header filter of one location.
type hook struct {
	check gzip.Checker
	size  int
	place httpd.FilterPlace
}

// header begins to decompress a response that its client could not read.
func (h hook) header(r *httpd.Request) httpd.Result {
	o := &r.Out
	encoding := o.Find(h1.ContentEncoding)
	if encoding == nil || !h1.EqualFold(encoding.Value, "gzip") {
		return httpd.OK
	}
	if h.check.Vary() {
		r.GzipVary(true)
	}
	if h.check.OK(r) {
		return httpd.OK
	}
	encoding.Hidden = true
	o.ClearContentLength()
	o.Remove(h1.ContentLength)
	r.ClearAcceptRanges()
	r.WeakenETag()
	f := inflaters.Get().(*inflater)
	f.start(h.size)
	r.AddBodyFilter(h.place, f, true)
	return httpd.OK
}
