package netaddr

import (
	"strconv"
	"time"
)

// DefaultBacklog is the length of the accept queue that nginx asks for.
const DefaultBacklog = 511

// ListenSpec is everything that a listen directive says about a socket. The
// zero value of each field leaves the system's default.
type ListenSpec struct {
	Addr         Addr      // where: 0.0.0.0:80, [::]:80, unix:/path
	Datagram     bool      // UDP: "udp" in stream, "quic" in http
	Backlog      int       // backlog=; 0: DefaultBacklog
	RcvBuf       int       // rcvbuf= in bytes
	SndBuf       int       // sndbuf= in bytes
	FIB          int       // setfib=; FreeBSD only
	FastOpen     int       // fastopen=: queue of connections before the handshake is over
	Deferred     bool      // deferred: accept when data is there (Linux)
	AcceptFilter string    // accept_filter=: httpready or dataready (FreeBSD)
	IPv6Only     bool      // ipv6only=on; nginx's default is on, so set it for every IPv6 address
	ReusePort    bool      // reuseport: one socket of several for the address
	Index        int       // which of the reuseport sockets this is, from 0
	Keepalive    Keepalive // so_keepalive=
	Multipath    bool      // multipath: MPTCP (Linux)
	Transparent  bool      // may be a foreign address
	NoDelay      bool      // accepted connections begin with TCP_NODELAY: no call per connection
}

// Key identifies the socket across reloads: a running listener whose key is in
// the new configuration stays open and only gets its options set anew
// (Configure). Everything that cannot be changed on a live socket is part of
// it; with reuseport each socket of the group has its own.
func (s *ListenSpec) Key() string {
	kind := "tcp "
	switch {
	case s.Addr.a.Unix && s.Datagram:
		kind = "dgram "
	case s.Addr.a.Unix:
		kind = "stream "
	case s.Datagram:
		kind = "udp "
	case s.Multipath:
		kind = "mptcp "
	}
	b := s.Addr.AppendText([]byte(kind))
	if s.Addr.a.IP.Addr().Is6() && !s.IPv6Only {
		b = append(b, " dual"...)
	}
	if s.ReusePort && s.Index > 0 {
		b = append(b, " #"...)
		b = strconv.AppendInt(b, int64(s.Index), 10)
	}
	return string(b)
}

// QueueLength is Backlog, or its default.
func (s *ListenSpec) QueueLength() int {
	if s.Backlog == 0 {
		return DefaultBacklog
	}
	return s.Backlog
}

// Overlaps reports whether the system refuses to open a socket while another one listens, since there would be
// connections that both are for.
func (s *ListenSpec) Overlaps(o *ListenSpec) bool {
	a, b := &s.Addr, &o.Addr
	switch {
	case s.Datagram || o.Datagram || s.ReusePort && o.ReusePort:
		return false
	case a.a.Unix || b.a.Unix:
		return false // the file is there
	case a.Port() != b.Port() || a.Port() == 0:
		return false
	case a.IP().Is4() == b.IP().Is4():
		return a.IP() == b.IP() || a.IsWildcard() || b.IsWildcard()
	}
	// The wildcard of IPv6 can be for both families.
	return !a.IP().Is4() && !s.IPv6Only && a.IsWildcard() || !b.IP().Is4() && !o.IPv6Only && b.IsWildcard()
}

// Keepalive is the TCP keepalive setting of a socket: so_keepalive=on|off or
// [idle]:[interval]:[count]. The zero value leaves the system's default.
type Keepalive struct {
	On       bool          // switch it on
	Off      bool          // switch it off; with On, On wins
	Idle     time.Duration // silence before the first probe; 0: the system's
	Interval time.Duration // between probes; 0: the system's
	Count    int           // lost probes until the connection is dead; 0: the system's
}
