package pass

import (
	"errors"
	"net/netip"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/upstream"
	"github.com/sluiceproxy/sluice/runtime/wire/proxyproto"
)

// BindProxyProtocol binds proxy_protocol, which nginx has in stream only: the words are
// those of stream, and v1 (docs/adr/0046).
func (s *Settings) BindProxyProtocol(t *conf.Table) {
	t.Enum("proxy_protocol", &s.ProxyProtocol, []conf.Choice{
		{Word: "off", Value: 0}, {Word: "on", Value: 1}, {Word: "v1", Value: 1}, {Word: "v2", Value: 2},
	})
}

// proxyHeader is the header of the PROXY protocol that a connection of this exchange
// begins with. It names the client, as realip has left it, and the address that it
// connected to; neither for a check of the server's own nor for a client at a unix
// socket.
func (x *Exchange) proxyHeader() upstream.ProxyHeader {
	h := upstream.ProxyHeader{Version: uint8(x.S.ProxyProtocol)}
	src := x.R.Peer().AddrPort()
	if x.probing || !src.IsValid() {
		return h
	}
	s, d := src.Addr().Unmap().WithZone(""), x.R.Client().Socket.Local().AddrPort()
	to, port := d.Addr().Unmap().WithZone(""), d.Port()
	switch {
	case !to.IsValid() && s.Is4(): // at a unix socket, and realip knows the client
		to = netip.IPv4Unspecified()
	case !to.IsValid():
		to = netip.IPv6Unspecified()
	case s.Is4() != to.Is4(): // realip; a header has addresses of one family
		s, to = netip.AddrFrom16(s.As16()), netip.AddrFrom16(to.As16())
	}
	h.Source, h.Destination = netip.AddrPortFrom(s, src.Port()), netip.AddrPortFrom(to, port)
	return h
}

// maxProxyHeader is more than the longest header, of either version.
const maxProxyHeader = 128

// appendProxyHeader appends h as it is sent.
func appendProxyHeader(dst []byte, h *upstream.ProxyHeader) []byte {
	if h.Version == 2 {
		return proxyproto.AppendV2(dst, h.Source, h.Destination, false, nil)
	}
	return proxyproto.AppendV1(dst, h.Source, h.Destination)
}

// sendProxyHeader begins a new connection. The request, or the handshake, follows at once.
func (x *Exchange) sendProxyHeader() (Fail, httpd.Result) {
	if x.R.Debugging() {
		x.R.Debugf("http upstream send PROXY protocol header")
	}
	h := x.proxyHeader()
	x.conn.Net.SetWriteTimeout(msec(x.S.SendTimeout))
	_, err := x.conn.WriteMore(appendProxyHeader(x.R.Alloc(maxProxyHeader)[:0], &h))
	switch {
	case err == nil:
		return 0, httpd.OK
	case x.gone.Load(), errors.Is(err, errAborted):
		return 0, x.aborted()
	case isTimeout(err):
		return FailTimeout, httpd.OK
	}
	x.connError(err, "send() failed")
	return FailError, httpd.OK
}
