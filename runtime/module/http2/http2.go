package http2

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/settings"
	"github.com/sluiceproxy/sluice/runtime/wire/h2"
)

// Module is ngx_http_v2_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_v2_module", Register: register}
}

// Why directives have no effect.
const (
	whyPool   = "checked; memory is pooled by size classes"
	whyIndex  = "checked; streams are found by a search in a list of those that are open"
	whyBuffer = "checked; a connection reads up to 32 KB at once, into a buffer that it has while bytes are there"
)

func register(b *httpd.Builder, m *conf.Module) {
	section := conf.NewSection(m, settings.HTTP2{MaxStreams: 128, PrereadSize: 64 << 10, ChunkSize: 8 << 10}, bind)
	b.EachServer(func(s *httpd.Server) error {
		s.HTTP2 = *section.Of(s.Block)
		return nil
	})
	b.Plan(func(p *httpd.Plan) { p.Location.HTTP2 = section.Of(p.Block) })
	m.Hint("http2_recv_buffer_size", whyBuffer, checkRecvBuffer)
	m.Hint("http2_pool_size", whyPool, conf.CheckPoolSize)
	m.Hint("http2_streams_index_size", whyIndex, checkStreamsIndex)
	for _, d := range []struct{ name, by string }{
		{"http2_max_concurrent_pushes", ""},
		{"http2_push", ""},
		{"http2_push_preload", ""},
		{"http2_max_requests", "keepalive_requests"},
		{"http2_max_field_size", "large_client_header_buffers"},
		{"http2_max_header_size", "large_client_header_buffers"},
		{"http2_recv_timeout", "client_header_timeout"},
		{"http2_idle_timeout", "keepalive_timeout"},
	} {
		m.Hint(d.name, "obsolete, as in nginx", obsolete(d.by))
	}
	b.Vars.Define("http2", httpd.Var{Get: variable})
}

// bind ties the directives to the settings.
func bind(c *settings.HTTP2, t *conf.Table) {
	t.Flag("http2", &c.On)
	t.Num("http2_max_concurrent_streams", &c.MaxStreams)
	t.Func("http2_body_preread_size", func(cmd *conf.Cmd) error {
		n, ok := conf.ParseSize(cmd.Arg(0))
		switch {
		case !ok:
			return cmd.Bad("invalid value")
		case n > h2.MaxWindow:
			return cmd.Errorf("the maximum body preread buffer size is %d", h2.MaxWindow)
		}
		c.PrereadSize = n
		return nil
	})
	t.Func("http2_chunk_size", func(cmd *conf.Cmd) error {
		n, ok := conf.ParseSize(cmd.Arg(0))
		switch {
		case !ok:
			return cmd.Bad("invalid value")
		case n == 0:
			return cmd.Errorf("the http2 chunk size cannot be zero")
		}
		c.ChunkSize = min(n, h2.MaxFrameSize)
		return nil
	})
}

// variable is $http2: "h2" over TLS, "h2c" without, "" where another protocol is spoken.
func variable(r *httpd.Request, _ string) ([]byte, bool) {
	switch {
	case r.Main().Version != httpd.VersionHTTP2:
		return nil, true
	case r.Client().TLS != nil:
		return []byte("h2"), true
	}
	return []byte("h2c"), true
}

// obsolete warns of a directive that nginx ignores; by is the one that takes its
// place, "" for none.
func obsolete(by string) func(*conf.Cmd) error {
	return func(c *conf.Cmd) error {
		if by == "" {
			c.Warnf(`the "%s" directive is obsolete, ignored`, c.Name.Value)
		} else {
			c.Warnf(`the "%s" directive is obsolete, use the "%s" directive instead`, c.Name.Value, by)
		}
		return nil
	}
}

// stateBuffer is the least that nginx receives at once, in bytes.
const stateBuffer = 16

func checkRecvBuffer(c *conf.Cmd) error {
	n, ok := conf.ParseSize(c.Arg(0))
	switch {
	case !ok:
		return c.Bad("invalid value")
	case n <= stateBuffer:
		return c.Bad("value is too small")
	}
	return nil
}

func checkStreamsIndex(c *conf.Cmd) error {
	n, ok := conf.ParseInt(c.Arg(0))
	switch {
	case !ok:
		return c.Bad("invalid number")
	case n == 0 || n&(n-1) != 0:
		return c.Bad("must be a power of two")
	}
	return nil
}
