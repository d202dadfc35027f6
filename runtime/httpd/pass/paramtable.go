package pass

import (
	"strings"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// GatewayNext are the values of *_next_upstream of FastCGI, uwsgi and SCGI.
var GatewayNext = []conf.Choice{
	{Word: "error", Value: int(FailError)},
	{Word: "timeout", Value: int(FailTimeout)},
	{Word: "invalid_header", Value: int(FailInvalidHeader)},
	{Word: "non_idempotent", Value: int(FailNonIdempotent)},
	{Word: "http_500", Value: int(Fail500)},
	{Word: "http_503", Value: int(Fail503)},
	{Word: "http_403", Value: int(Fail403)},
	{Word: "http_404", Value: int(Fail404)},
	{Word: "http_429", Value: int(Fail429)},
	{Word: "updating", Value: int(FailUpdating)},
	{Word: "off", Value: int(FailOff)},
}

// ParamSettings are the parameters of a block.
type ParamSettings struct {
	list conf.List[Param]
	*Params
	cached *Params // for requests whose response may be cached; nil without a cache
}

// Of returns the parameters for a request.
func (s *ParamSettings) Of(x *Exchange) *Params {
	if x.Cacheable() {
		return s.cached
	}
	return s.Params
}

// ParamTable makes the parameters of the blocks of one module.
type ParamTable struct {
	b      *httpd.Builder
	prefix string // "fastcgi"
	add    AppendParam
	of     func(*conf.Block) *ParamSettings
	host   Param   // what every application is sent, unless the configuration has it
	cached []Param // the same where the response may be cached
}

// NewParamTable returns a ParamTable for the directive of a prefix. of returns the settings of a block.
func NewParamTable(b *httpd.Builder, prefix string, add AppendParam, of func(*conf.Block) *ParamSettings) *ParamTable {
	return &ParamTable{b: b, prefix: prefix, add: add, of: of}
}

// Bind binds the directive.
func (p *ParamTable) Bind(t *conf.Table, s *ParamSettings) {
	BindParams(p.b, t, p.prefix+"_param", &s.list)
}

// Finish compiles the parameters of a block, or takes those of the block around it where it has none of its own.
// cached says that the block has a cache.
func (p *ParamTable) Finish(block *conf.Block, s *ParamSettings, cached bool) error {
	if block.Parent != nil {
		if up := p.of(block.Parent); up.Params != nil && !s.list.SetAt(block) {
			s.Params, s.cached = up.Params, up.cached
			if !cached || s.cached != nil {
				return nil
			}
		}
	}
	if p.host.Value == nil {
		v, err := p.b.Vars.Compile("$host$is_request_port$request_port")
		if err != nil {
			return err
		}
		p.host = Param{Name: "HTTP_HOST", Value: v, IfNotEmpty: true}
	}
	list := s.list.Items
	var fields []string // that the configuration sets
	given := false
	for i := range list {
		name := list[i].Name
		given = given || strings.EqualFold(name, p.host.Name)
		if field, ok := strings.CutPrefix(name, string(httpPrefix)); ok && field != "" {
			fields = append(fields, field)
		}
	}
	if !given {
		list = append(list[:len(list):len(list)], p.host)
		fields = append(fields, "HOST")
	}
	s.Params = NewParams(list, p.add)
	if cached {
		if err := p.compileCached(list, s); err != nil {
			return err
		}
	}
	if err := block.HashOf(p.prefix+"_params_hash", 512, 64).Check(fields, p.b.Loader.Warnf); err != nil {
		return conf.Unlocated(err.Error())
	}
	return nil
}

// compileCached makes the parameters of requests whose response may be cached.
func (p *ParamTable) compileCached(list []Param, s *ParamSettings) (err error) {
	if p.cached == nil {
		if p.cached, err = CacheParams(p.b); err != nil {
			return err
		}
	}
	s.cached = NewParams(WithCacheParams(list, p.cached), p.add)
	return nil
}
