package ssi

import (
	"time"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/mediatype"
)

// Module is ngx_http_ssi_filter_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_ssi_module", Register: register}
}

// settings are the directives of a block.
type settings struct {
	enable       bool
	silent       bool
	lastModified bool
	whole        bool // output of an application is sent only when postpone_output requires it
	valueLen     int64
	types        mediatype.Set
}

func bind(c *settings, t *conf.Table) {
	t.Flag("ssi", &c.enable)
	t.Flag("ssi_silent_errors", &c.silent)
	t.Flag("ssi_last_modified", &c.lastModified)
	t.Flag("ssi_ignore_recycled_buffers", &c.whole)
	t.Size("ssi_value_length", &c.valueLen)
	c.types.Bind(t, "ssi_types")
}

// module is the state of one load.
type module struct {
	place  httpd.FilterPlace
	own    int // slot of a request's filter
	shared int // slot of the main request's *shared
}

func register(b *httpd.Builder, m *conf.Module) {
	section := conf.NewSection(m, settings{valueLen: 255, types: mediatype.NewSet("text/html")}, bind)
	m.Hint("ssi_min_file_chunk", "documents are read into memory", conf.CheckSize)
	x := &module{place: b.FilterPlace(), own: b.Slot(), shared: b.Slot()}
	for _, v := range []struct {
		name string
		gmt  bool
	}{{dateLocal, false}, {dateGMT, true}} {
		b.Vars.Define(v.name, httpd.Var{NoCache: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
			return x.date(r, v.gmt)
		}})
	}
	b.Plan(func(p *httpd.Plan) {
		if c := section.Of(p.Block); c.enable {
			p.HeaderFilter(hook{x, c}.header)
		}
	})
}

// The module's variables.
const (
	dateLocal = "date_local"
	dateGMT   = "date_gmt"
)

// defaultDate is the format of dates where "config timefmt" says nothing.
const defaultDate = "%A, %d-%b-%Y %H:%M:%S %Z"

var gmt = time.FixedZone("GMT", 0)

// date returns the time in the format that the document of r chose. A format
// that makes nothing has no value.
func (x *module) date(r *httpd.Request, inGMT bool) ([]byte, bool) {
	format := defaultDate
	if f, ok := (*r.Ctx(x.own)).(*filter); ok {
		format = f.timeFormat
	}
	now := time.Unix(clock.Now().Sec, 0)
	if inGMT && format != "%s" {
		now = now.In(gmt)
	}
	b := strftime(r.Alloc(64)[:0], format, now)
	return b, len(b) > 0 && len(b) < maxDate
}

// hook is the header filter of one location.
type hook struct {
	*module
	c *settings
}

// header makes a document one that is processed.
func (h hook) header(r *httpd.Request) httpd.Result {
	o := &r.Out
	if o.ContentLength == 0 || !h.c.types.Match(o) {
		return httpd.OK
	}
	f := newFilter(h)
	*r.Ctx(h.own) = f
	if common := r.Main().Ctx(h.shared); *common == nil {
		*common = new(shared)
	}
	r.AddBodyFilter(h.place, f, true)
	r.MayInclude()
	if r.Parent() != nil {
		return httpd.OK
	}
	r.ClearAcceptRanges()
	r.ChangeBody(h.c.lastModified)
	return httpd.OK
}

// shared is what the documents of one client's request share.
type shared struct {
	vars   []variable
	blocks []block

	captured []byte // what the last expression was matched against
	captures []int

	evaluated int // bytes that variables have been replaced to so far, bounded by maxEvaluated
}

// maxEvaluated bounds the texts that the commands of one client's request make of parameters with variables. They stay in memory
// until the request ends, and a document whose variables are set to themselves twice makes as much of them as it likes.
const maxEvaluated = 8 << 20

// variable is one that a document set.
type variable struct{ name, value []byte }

// block is the contents of a block command.
type block struct{ name, body []byte }

// lookup returns the value of a variable that a document set, nil without one.
// The digits are the groups of the last expression; what is assigned to them is
// lost.
func (s *shared) lookup(name []byte) *[]byte {
	if len(name) == 1 && name[0] >= '0' && name[0] <= '9' {
		if n := 2 * int(name[0]-'0'); n < len(s.captures) {
			v := s.group(n)
			return &v
		}
	}
	for i := range s.vars {
		if string(s.vars[i].name) == string(name) {
			return &s.vars[i].value
		}
	}
	return nil
}

// group returns a captured part, empty if it took no part.
func (s *shared) group(n int) []byte {
	if s.captures[n] < 0 {
		return []byte{}
	}
	return s.captured[s.captures[n]:s.captures[n+1]]
}

// set assigns to a variable. name and value live as long as the main request.
func (s *shared) set(name, value []byte) {
	if v := s.lookup(name); v != nil {
		*v = value
		return
	}
	s.vars = append(s.vars, variable{name, value})
}
