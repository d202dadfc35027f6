package explain

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/http1"
	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// Question is the request that is to be explained.
type Question struct {
	URL     string   // http://host[:port]/path?args; https; without a scheme, http
	Method  string   // "" for GET
	Headers []string // "Name: value"
	From    string   // the client's address, with or without a port; "" for 127.0.0.1
	To      string   // the address it connects to; "" for what the URL says
	All     bool     // report defaults, too
}

// UsageError says what is wrong with a question.
type UsageError string

// Error implements error.
func (e UsageError) Error() string { return string(e) }

// probe makes the request.
func (q *Question) probe() (*http1.Probe, *Request, error) {
	req := &Request{Method: q.Method, Scheme: "http", Fields: q.Headers}
	if req.Method == "" {
		req.Method = "GET"
	}
	if req.Fields == nil {
		req.Fields = []string{}
	}
	rest := q.URL
	if i := strings.Index(rest, "://"); i >= 0 {
		req.Scheme, rest = strings.ToLower(rest[:i]), rest[i+3:]
	}
	if req.Scheme != "http" && req.Scheme != "https" {
		return nil, nil, UsageError(fmt.Sprintf("%q is no URL of http or https", q.URL))
	}
	rest, _, _ = strings.Cut(rest, "#")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	req.Host, req.Target = rest[:end], rest[end:]
	if !strings.HasPrefix(req.Target, "/") {
		req.Target = "/" + req.Target
	}
	if at := strings.LastIndexByte(req.Host, '@'); at >= 0 {
		req.Host = req.Host[at+1:]
	}
	p := &http1.Probe{TLS: req.Scheme == "https"}
	name, port, err := splitHost(req.Host, p.TLS)
	if err != nil {
		return nil, nil, err
	}
	if p.TLS && !isAddress(name) {
		p.ServerName = name
	}
	if err := q.addresses(p, name, port); err != nil {
		return nil, nil, err
	}
	req.From, req.To = hostOf(&p.Peer), p.LocalAddr.String()
	p.Head, err = q.head(req)
	return p, req, err
}

// head is the request as the client would send it.
func (q *Question) head(req *Request) ([]byte, error) {
	if strings.ContainsAny(req.Method+req.Target, " \t\r\n") {
		return nil, UsageError("there is a blank in the method or the URL")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", req.Method, req.Target)
	host := true
	for _, h := range q.Headers {
		name, _, ok := strings.Cut(h, ":")
		if !ok || name == "" || strings.ContainsAny(h, "\r\n") {
			return nil, UsageError(fmt.Sprintf(`-H wants 'Name: value', not %q`, h))
		}
		host = host && !strings.EqualFold(name, "Host")
	}
	if host {
		fmt.Fprintf(&b, "Host: %s\r\n", req.Host)
	}
	for _, h := range q.Headers {
		b.WriteString(h + "\r\n")
	}
	return []byte(b.String() + "\r\n"), nil
}

// addresses fills in the addresses of both sides. A name stands for no address: the
// socket is then chosen by its port, see findLocal.
func (q *Question) addresses(p *http1.Probe, name string, port uint16) (err error) {
	if p.Peer, err = parseAddress(q.From, 0); err != nil {
		return err
	}
	if q.To != "" {
		p.LocalAddr, err = parseAddress(q.To, port)
		return err
	}
	ip, err := netip.ParseAddr(strings.Trim(name, "[]"))
	if err != nil {
		ip = netip.IPv4Unspecified()
	}
	p.LocalAddr = netaddr.AddrFrom(netip.AddrPortFrom(ip, port))
	return nil
}

// parseAddress reads IP, IP:PORT, [IP6]:PORT or unix:PATH.
func parseAddress(s string, port uint16) (netaddr.Addr, error) {
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return netaddr.UnixAddr(path), nil
	}
	if s == "" {
		s = "127.0.0.1"
	}
	if ip, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return netaddr.AddrFrom(netip.AddrPortFrom(ip, port)), nil
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return netaddr.AddrFrom(ap), nil
	}
	return netaddr.Addr{}, UsageError(fmt.Sprintf("%q is no address", s))
}

func isAddress(name string) bool {
	_, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil
}

// splitHost splits host[:port].
func splitHost(host string, tls bool) (name string, port uint16, err error) {
	name, port = host, 80
	if tls {
		port = 443
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		n, err := strconv.ParseUint(host[i+1:], 10, 16)
		if err != nil || n == 0 {
			return "", 0, UsageError(fmt.Sprintf("%q has no valid port", host))
		}
		name, port = host[:i], uint16(n)
	}
	if name == "" {
		return "", 0, UsageError("the URL names no host")
	}
	return name, port, nil
}

// hostOf is an address without its port.
func hostOf(a *netaddr.Addr) string { return string(a.AppendHost(nil)) }

// hostName is a host without its port.
func hostName(host string) string {
	name, _, err := splitHost(host, false)
	if err != nil {
		return host
	}
	return name
}
