package api

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/cache"
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass/caching"
	"github.com/sluiceproxy/sluice/runtime/resource"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
	shared "github.com/sluiceproxy/sluice/runtime/zone"
	"github.com/sluiceproxy/sluice/runtime/zone/pairs"
)

// Module is ngx_http_api_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_api_module", Register: register}
}

// loading is what one load needs. What serves does not hold it: it would keep the tree of
// the configuration in memory.
type loading struct {
	*module
	b       *httpd.Builder
	section *conf.Section[settings]
}

// module is what the API shows. It is immutable once it serves.
type module struct {
	ups       *pass.Upstreams
	servers   []*zone
	locations []*zone
	process   *process
	pairs     *pairs.Zones
	zones     *shared.Registry
	stats     *httpd.Stats
	caches    *[]*cache.Zone
}

func register(b *httpd.Builder, m *conf.Module) {
	process := processes.Take(b.Env.Resources, "", newProcess)
	mod := &loading{b: b, module: &module{
		ups: pass.Of(b), process: process, pairs: b.KeyvalZones(), zones: b.Zones(), stats: b.Env.Stats,
		caches: caching.Zones(b),
	}}
	mod.section = conf.NewSection(m, settings{}, mod.bind)
	m.Directive("api", mod.addAPI)
	b.Plan(mod.plan)
	b.Start(func(*httpd.Config) error {
		process.loaded()
		return nil
	})
}

// processes goes on over a reload.
const processes resource.Kind[*process] = "api"

// location is an api directive.
type location struct {
	*module
	prefix string // of the location
	write  bool
}

// addAPI reads api.
func (m *loading) addAPI(c *conf.Cmd) error {
	l := &location{module: m.module}
	if len(c.Args) > 0 {
		switch c.Arg(0) {
		case "write=on":
			l.write = true
		case "write=off":
		default:
			return c.Errorf(`invalid parameter "%s"`, c.Arg(0))
		}
	}
	if at := m.b.Location(c.Block); at != nil && at.Regex == nil && !at.Named {
		l.prefix = at.Name
	}
	m.b.SetContent(c, l.handle)
	return nil
}

// call is one request to the API.
type call struct {
	*location
	r      *httpd.Request
	path   []string // behind the version
	fields fields
	write  bool // the method may change something
}

var jsonType = []byte("application/json")

// handle is the content handler.
func (l *location) handle(r *httpd.Request) httpd.Result {
	c := &call{location: l, r: r, write: !r.IsGet()}
	v, status, err := c.answer()
	if err != nil {
		if err.code == "" { // success without a body
			return c.send(err.status, nil)
		}
		v, status = err.show(r), err.status
	}
	body, encodeErr := encode(v)
	if encodeErr != nil {
		r.Errorf(nil, "%s", encodeErr.Error())
		return httpd.StatusInternalServerError
	}
	return c.send(status, body)
}

// send answers, with nil without a body.
func (c *call) send(status httpd.Result, body []byte) httpd.Result {
	r := c.r
	r.Out.Add(h1.CacheControl, []byte("Cache-Control"), []byte("no-cache"))
	if body == nil {
		r.Out.ContentLength = 0
	}
	return r.Respond(status, jsonType, body)
}

// answer finds what a request asks for.
func (c *call) answer() (any, httpd.Result, *problem) {
	r := c.r
	if c.write {
		switch {
		case r.Method&(h1.Post|h1.Patch|h1.Delete) == 0 || !c.location.write:
			return nil, 0, errMethod
		case crossSite(r):
			return nil, 0, errCrossSite
		}
	}
	rest, ok := strings.CutPrefix(string(r.URI), c.prefix)
	if !ok {
		return nil, 0, errPath
	}
	rest = strings.Trim(rest, "/")
	if rest == "" {
		return c.get([]int{9}, nil)
	}
	value, given := h1.ArgValue(append([]byte(nil), r.Args...), "fields")
	c.fields = parseFields(unescape(value), given)
	c.path = strings.Split(rest, "/")
	if c.path[0] != "9" {
		return nil, 0, errVersion
	}
	c.path = c.path[1:]
	return c.route()
}

// unescape decodes the value of an argument.
func unescape(v []byte) []byte {
	text, err := url.QueryUnescape(string(v))
	if err != nil {
		return v
	}
	return []byte(text)
}

// get is the answer to a request that only reads.
func (c *call) get(v any, err *problem) (any, httpd.Result, *problem) {
	if err == nil && c.write {
		err = errMethod
	}
	return v, httpd.StatusOK, err
}

// reset answers GET with v, and DELETE by doing fn.
func (c *call) reset(v any, fn func()) (any, httpd.Result, *problem) {
	switch {
	case !c.write:
		return v, httpd.StatusOK, nil
	case c.r.Method != h1.Delete:
		return nil, 0, errMethod
	}
	fn()
	return nil, 0, errNoContent
}

// crossSite reports whether a browser sends the request on behalf of another site.
// See docs/adr/0036.
func crossSite(r *httpd.Request) bool {
	origin, site, host := []byte(nil), []byte(nil), r.In.Get(h1.Host)
	for i := range r.In.List {
		switch f := &r.In.List[i]; {
		case h1.EqualFold(f.Name, "sec-fetch-site"):
			site = f.Value
		case h1.EqualFold(f.Name, "origin"):
			origin = f.Value
		}
	}
	if site != nil && !h1.EqualFold(site, "same-origin") && !h1.EqualFold(site, "none") {
		return true
	}
	if origin == nil {
		return false
	}
	_, from, ok := bytes.Cut(origin, []byte("://"))
	return !ok || !bytes.EqualFold(from, host)
}

// body reads the request body, of at most client_body_buffer_size.
func (c *call) body() ([]byte, *problem) {
	r := c.r
	if r.In.ContentLength > r.Core().BodyBufferSize {
		return nil, errTooLarge
	}
	if rc := r.ReadBody(); rc != httpd.OK {
		return nil, errBody
	}
	if r.Body.File != nil {
		return nil, errTooLarge
	}
	return r.Body.Mem, nil
}
