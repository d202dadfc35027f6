package http2

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Module is ngx_http_v2_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_v2_module", Register: register}
}

const whyHTTP2 = "requests are served as HTTP/1.1, see ADR 9"

func register(_ *httpd.Builder, m *conf.Module) {
	m.Hint("http2", "accepted with a warning; "+whyHTTP2, checkHTTP2)
	m.Hint("http2_recv_buffer_size", whyHTTP2, checkRecvBuffer)
	m.Hint("http2_pool_size", whyHTTP2, conf.CheckPoolSize)
	m.Hint("http2_max_concurrent_streams", whyHTTP2, conf.CheckNumber)
	m.Hint("http2_body_preread_size", whyHTTP2, checkPreread)
	m.Hint("http2_streams_index_size", whyHTTP2, checkStreamsIndex)
	m.Hint("http2_chunk_size", whyHTTP2, checkChunkSize)
	m.Hint("http2_max_concurrent_pushes", whyHTTP2, obsolete(""))
	m.Hint("http2_push", whyHTTP2, obsolete(""))
	m.Hint("http2_push_preload", whyHTTP2, obsolete(""))
	m.Hint("http2_max_requests", whyHTTP2, obsolete("keepalive_requests"))
	m.Hint("http2_max_field_size", whyHTTP2, obsolete("large_client_header_buffers"))
	m.Hint("http2_max_header_size", whyHTTP2, obsolete("large_client_header_buffers"))
	m.Hint("http2_recv_timeout", whyHTTP2, obsolete("client_header_timeout"))
	m.Hint("http2_idle_timeout", whyHTTP2, obsolete("keepalive_timeout"))
}

func checkHTTP2(c *conf.Cmd) error {
	on, err := c.Flag()
	if on {
		c.Warnf(`"http2" is known to nginx but not supported here, requests are served as HTTP/1.1`)
	}
	return err
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

// Bounds of nginx's HTTP/2.
const (
	stateBuffer = 16        // the least that is received at once
	maxWindow   = 1<<31 - 1 // of the protocol's flow control
)

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

func checkPreread(c *conf.Cmd) error {
	n, ok := conf.ParseSize(c.Arg(0))
	switch {
	case !ok:
		return c.Bad("invalid value")
	case n > maxWindow:
		return c.Errorf("the maximum body preread buffer size is %d", maxWindow)
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

func checkChunkSize(c *conf.Cmd) error {
	n, ok := conf.ParseSize(c.Arg(0))
	switch {
	case !ok:
		return c.Bad("invalid value")
	case n == 0:
		return c.Errorf("the http2 chunk size cannot be zero")
	}
	return nil
}
