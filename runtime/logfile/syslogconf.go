package logfile

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/sluiceproxy/sluice/runtime/netaddr"
)

// SyslogConf is what follows "syslog:" in access_log and error_log.
type SyslogConf struct {
	Unix       string         // path of a datagram socket, or ""
	UDP        netip.AddrPort // when Unix is ""
	Facility   uint8          // 0..23; local7 unless given
	Severity   Severity       // of access log lines; info unless given
	Tag        string         // "nginx" unless given
	NoHostname bool           // leave the host name out
}

const (
	defaultSyslogPort = 514
	defaultFacility   = 23 // local7
	maxTag            = 32 // RFC 3164, 4.1.3
	maxUnixPath       = 107
)

var facilities = [...]string{
	"kern", "user", "mail", "daemon", "auth", "intern", "lpr", "news", "uucp", "clock", "authpriv", "ftp",
	"ntp", "audit", "alert", "cron", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

// severities are error_log's words, not syslog's "err" and "warning".
var severities = [...]string{"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"}

// IsSyslog reports whether a log destination is a syslog server.
func IsSyslog(value string) bool { return strings.HasPrefix(value, "syslog:") }

// ParseSyslog reads a destination "syslog:server=address,facility=...,tag=...,
// severity=...,nohostname". lookup finds the addresses of a host name. Errors are in nginx's words,
// without the place in the configuration.
func ParseSyslog(value string, lookup func(host string) ([]netip.Addr, error)) (SyslogConf, error) {
	p := syslogParser{given: make(map[string]bool), lookup: lookup}
	p.conf = SyslogConf{Facility: defaultFacility, Severity: Info, Tag: "nginx"}
	for param := range strings.SplitSeq(strings.TrimPrefix(value, "syslog:"), ",") {
		if err := p.param(param); err != nil {
			return SyslogConf{}, err
		}
	}
	if !p.given["server"] {
		return SyslogConf{}, errors.New("no syslog server specified")
	}
	return p.conf, nil
}

type syslogParser struct {
	conf   SyslogConf
	given  map[string]bool
	lookup func(host string) ([]netip.Addr, error)
}

func (p *syslogParser) param(param string) error {
	key, value, ok := strings.Cut(param, "=")
	if param == "nohostname" {
		p.conf.NoHostname = true
		return nil
	}
	if !ok || key != "server" && key != "facility" && key != "severity" && key != "tag" {
		return fmt.Errorf("unknown syslog parameter \"%s\"", param)
	}
	if p.given[key] {
		return fmt.Errorf("duplicate syslog \"%s\"", key)
	}
	p.given[key] = true
	switch key {
	case "server":
		if err := p.server(value); err != nil {
			return fmt.Errorf("%w in syslog server \"%s\"", err, value)
		}
	case "facility":
		i := slices.Index(facilities[:], value)
		if i < 0 {
			return fmt.Errorf("unknown syslog facility \"%s\"", value)
		}
		p.conf.Facility = uint8(i)
	case "severity":
		i := slices.Index(severities[:], value)
		if i < 0 {
			return fmt.Errorf("unknown syslog severity \"%s\"", value)
		}
		p.conf.Severity = Severity(i)
	case "tag":
		if len(value) > maxTag {
			return fmt.Errorf("syslog tag length exceeds %d", maxTag)
		}
		if strings.ContainsFunc(value, func(c rune) bool {
			return c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
		}) {
			return errors.New("syslog \"tag\" only allows alphanumeric characters and underscore")
		}
		p.conf.Tag = value
	}
	return nil
}

// server reads unix:/path, address, address:port, [IPv6] or [IPv6]:port; the
// address may be a name.
func (p *syslogParser) server(s string) error {
	if len(s) >= 5 && strings.EqualFold(s[:5], "unix:") {
		switch path := s[5:]; {
		case path == "":
			return errors.New("no path in the unix domain socket")
		case len(path) > maxUnixPath:
			return errors.New("too long path in the unix domain socket")
		default:
			p.conf.Unix = path
			return nil
		}
	}
	host, port, v6 := s, "", strings.HasPrefix(s, "[")
	if v6 {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return errors.New("invalid host")
		}
		host, port = s[1:end], s[end+1:]
		if port != "" && port[0] != ':' || strings.Contains(port, "/") {
			return errors.New("invalid host")
		}
	} else {
		if strings.ContainsAny(s, "/?") {
			return errors.New("invalid host")
		}
		if i := strings.IndexByte(s, ':'); i >= 0 {
			host, port = s[:i], s[i:]
		}
	}
	n := uint64(defaultSyslogPort)
	if port != "" {
		var err error
		if n, err = strconv.ParseUint(port[1:], 10, 16); err != nil || n == 0 || port[1] == '+' {
			return errors.New("invalid port")
		}
	}
	if host == "" {
		return errors.New("no host")
	}
	ip, ok := netaddr.ParseIP([]byte(host))
	switch {
	case v6:
		if !ok || !ip.Is6() {
			return errors.New("invalid IPv6 address")
		}
	case !ok || !ip.Is4():
		ips, err := p.lookup(host)
		if err != nil || len(ips) == 0 {
			return errors.New("host not found")
		}
		ip = ips[0]
	}
	p.conf.UDP = netip.AddrPortFrom(ip.Unmap(), uint16(n))
	return nil
}

// Name is the server as messages print it: "unix:/dev/log", "127.0.0.1:514".
func (c *SyslogConf) Name() string {
	if c.Unix != "" {
		return "unix:" + c.Unix
	}
	return c.UDP.String()
}
