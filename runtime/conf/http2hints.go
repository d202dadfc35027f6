package conf

// The directives of ngx_http_v2_module. Requests are served as HTTP/1.1, see ADR
// 9: what they say is checked as nginx checks it.

const whyHTTP2 = "requests are served as HTTP/1.1, see ADR 9"

var http2Hints = []hint{
	{"http2", "accepted with a warning; " + whyHTTP2, checkHTTP2},
	{"http2_recv_buffer_size", whyHTTP2, checkRecvBuffer},
	{"http2_pool_size", whyHTTP2, poolSize},
	{"http2_max_concurrent_streams", whyHTTP2, number},
	{"http2_body_preread_size", whyHTTP2, checkPreread},
	{"http2_streams_index_size", whyHTTP2, checkStreamsIndex},
	{"http2_chunk_size", whyHTTP2, checkChunkSize},
	{"http2_max_concurrent_pushes", whyHTTP2, obsolete("")},
	{"http2_push", whyHTTP2, obsolete("")},
	{"http2_push_preload", whyHTTP2, obsolete("")},
	{"http2_max_requests", whyHTTP2, obsolete("keepalive_requests")},
	{"http2_max_field_size", whyHTTP2, obsolete("large_client_header_buffers")},
	{"http2_max_header_size", whyHTTP2, obsolete("large_client_header_buffers")},
	{"http2_recv_timeout", whyHTTP2, obsolete("client_header_timeout")},
	{"http2_idle_timeout", whyHTTP2, obsolete("keepalive_timeout")},
}

func checkHTTP2(c *Cmd) error {
	on, err := c.Flag()
	if on {
		c.Warnf(`"http2" is known to nginx but not supported here, requests are served as HTTP/1.1`)
	}
	return err
}

// obsolete warns of a directive that nginx ignores; by is the one that takes its
// place, "" for none.
func obsolete(by string) func(*Cmd) error {
	return func(c *Cmd) error {
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

func checkRecvBuffer(c *Cmd) error {
	n, ok := ParseSize(c.Arg(0))
	switch {
	case !ok:
		return c.Bad("invalid value")
	case n <= stateBuffer:
		return c.Bad("value is too small")
	}
	return nil
}

func checkPreread(c *Cmd) error {
	n, ok := ParseSize(c.Arg(0))
	switch {
	case !ok:
		return c.Bad("invalid value")
	case n > maxWindow:
		return c.Errorf("the maximum body preread buffer size is %d", maxWindow)
	}
	return nil
}

func checkStreamsIndex(c *Cmd) error {
	n, ok := ParseInt(c.Arg(0))
	switch {
	case !ok:
		return c.Bad("invalid number")
	case n == 0 || n&(n-1) != 0:
		return c.Bad("must be a power of two")
	}
	return nil
}

func checkChunkSize(c *Cmd) error {
	n, ok := ParseSize(c.Arg(0))
	switch {
	case !ok:
		return c.Bad("invalid value")
	case n == 0:
		return c.Errorf("the http2 chunk size cannot be zero")
	}
	return nil
}
