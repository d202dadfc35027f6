package core

import (
	"os"
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/product"
	"github.com/sluiceproxy/sluice/runtime/wire/proxyproto"
)

var unixText = []byte("unix:")

var pidText = strconv.AppendInt(nil, int64(os.Getpid()), 10)

func defineConnectionVars(b *httpd.Builder) {
	v := b.Vars
	v.Define("binary_remote_addr", always(func(r *httpd.Request) []byte {
		p := r.Peer()
		if p.IsUnix() {
			return unixText
		}
		ip := p.IP()
		if ip.Is4() {
			a := ip.As4()
			return append(r.Alloc(len(a))[:0], a[:]...)
		}
		a := ip.As16()
		return append(r.Alloc(len(a))[:0], a[:]...)
	}))
	v.Define("remote_addr", always(func(r *httpd.Request) []byte { return r.RemoteAddr() }))
	v.Define("remote_port", always(func(r *httpd.Request) []byte {
		p := r.Peer()
		if p.IsUnix() || p.Port() == 0 {
			return nil
		}
		return r.Number(int64(p.Port()))
	}))
	v.Define("server_addr", always(func(r *httpd.Request) []byte { return r.Client().Socket.Local().AppendHost(r.Alloc(64)[:0]) }))
	v.Define("server_port", always(func(r *httpd.Request) []byte {
		if r.Client().Socket.Local().IsUnix() {
			return nil
		}
		return r.Number(int64(r.Client().Socket.Local().Port()))
	}))
	v.Define("server_protocol", fixed(func(r *httpd.Request) []byte { return r.Main().Line.Protocol }))
	v.Define("server_name", always(func(r *httpd.Request) []byte { return []byte(r.Server().Name) }))
	v.Define("hostname", always(func(*httpd.Request) []byte { return []byte(b.Env.Hostname) }))
	v.Define("scheme", always(func(r *httpd.Request) []byte {
		if r.Client().TLS != nil {
			return []byte("https")
		}
		return []byte("http")
	}))
	v.Define("https", always(func(r *httpd.Request) []byte {
		if r.Client().TLS != nil {
			return []byte("on")
		}
		return nil
	}))
	v.Define("connection", always(func(r *httpd.Request) []byte { return r.Number(int64(r.Client().ID)) }))
	v.Define("connection_requests", always(func(r *httpd.Request) []byte { return r.Number(int64(r.Main().Proto.Number)) }))
	v.Define("connection_time", alwaysFresh(func(r *httpd.Request) []byte { return seconds(r, r.Client().Start) }))
	v.Define("pipe", always(func(r *httpd.Request) []byte {
		if r.Pipelined() {
			return []byte("p")
		}
		return []byte(".")
	}))
	v.Define("pid", always(func(*httpd.Request) []byte { return pidText }))
	v.Define("nginx_version", always(func(*httpd.Request) []byte { return []byte(product.Compatible) }))
	for i, name := range []string{"rtt", "rttvar", "snd_cwnd", "rcv_space"} {
		v.Define("tcpinfo_"+name, fresh(func(r *httpd.Request) []byte { return tcpInfo(r, i) }))
	}
	defineProxyProtocolVars(b)
}

func defineProxyProtocolVars(b *httpd.Builder) {
	text := func(get func(h *proxyproto.Header) []byte) httpd.Var {
		return fixed(func(r *httpd.Request) []byte {
			if r.Client().Proxy == nil {
				return nil
			}
			return get(r.Client().Proxy)
		})
	}
	port := func(n func(h *proxyproto.Header) uint16) httpd.Var {
		return fixed(func(r *httpd.Request) []byte {
			if r.Client().Proxy == nil || n(r.Client().Proxy) == 0 {
				return nil
			}
			return r.Number(int64(n(r.Client().Proxy)))
		})
	}
	v := b.Vars
	v.Define("proxy_protocol_addr", text(func(h *proxyproto.Header) []byte { return h.Source }))
	v.Define("proxy_protocol_server_addr", text(func(h *proxyproto.Header) []byte { return h.Destination }))
	v.Define("proxy_protocol_port", port(func(h *proxyproto.Header) uint16 { return h.SourcePort }))
	v.Define("proxy_protocol_server_port", port(func(h *proxyproto.Header) uint16 { return h.DestinationPort }))
	v.DefinePrefix("proxy_protocol_tlv_", httpd.Var{Get: func(r *httpd.Request, name string) ([]byte, bool) {
		if r.Client().Proxy == nil {
			return nil, false
		}
		ref, err := proxyproto.ParseTLVName(name)
		if err != nil {
			return nil, false
		}
		v, err := ref.Lookup(r.Alloc(20), r.Client().Proxy.TLVs)
		return v, err == nil
	}})
}
