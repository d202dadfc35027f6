package logfile

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nobody is found.
func nobody(string) ([]netip.Addr, error) { return nil, errors.New("unknown") }

func TestParseSyslog(t *testing.T) {
	local := netip.MustParseAddrPort
	for _, c := range []struct {
		value string
		want  SyslogConf
		err   string
	}{
		{"syslog:server=127.0.0.010", SyslogConf{UDP: local("127.0.0.10:514"), Facility: 23, Severity: Info, Tag: "nginx"}, ""},
		{"syslog:server=127.0.0.1", SyslogConf{UDP: local("127.0.0.1:514"), Facility: 23, Severity: Info, Tag: "nginx"}, ""},
		{"syslog:server=127.0.0.1:1514,facility=local0,tag=A_9,severity=warn,nohostname", SyslogConf{UDP: local("127.0.0.1:1514"), Facility: 16, Severity: Warn, Tag: "A_9", NoHostname: true}, ""},
		{"syslog:server=[::1]:1514,tag=", SyslogConf{UDP: local("[::1]:1514"), Facility: 23, Severity: Info}, ""},
		{"syslog:facility=kern,server=unix:/dev/log", SyslogConf{Unix: "/dev/log", Severity: Info, Tag: "nginx"}, ""},
		{"syslog:", SyslogConf{}, `unknown syslog parameter ""`},
		{"syslog:facility=user", SyslogConf{}, `no syslog server specified`},
		{"syslog:server=127.0.0.1,", SyslogConf{}, `unknown syslog parameter ""`},
		{"syslog:server=127.0.0.1,foo=bar", SyslogConf{}, `unknown syslog parameter "foo=bar"`},
		{"syslog:server=127.0.0.1,nohostname2", SyslogConf{}, `unknown syslog parameter "nohostname2"`},
		{"syslog:server=127.0.0.1,server=127.0.0.1", SyslogConf{}, `duplicate syslog "server"`},
		{"syslog:facility=user,facility=user", SyslogConf{}, `duplicate syslog "facility"`},
		{"syslog:severity=info,severity=info", SyslogConf{}, `duplicate syslog "severity"`},
		{"syslog:tag=a,tag=a", SyslogConf{}, `duplicate syslog "tag"`},
		{"syslog:facility=foo", SyslogConf{}, `unknown syslog facility "foo"`},
		{"syslog:severity=err", SyslogConf{}, `unknown syslog severity "err"`},
		{"syslog:tag=" + strings.Repeat("a", 33), SyslogConf{}, `syslog tag length exceeds 32`},
		{"syslog:tag=a-b", SyslogConf{}, `syslog "tag" only allows alphanumeric characters and underscore`},
		{"syslog:server=", SyslogConf{}, `no host in syslog server ""`},
		{"syslog:server=:514", SyslogConf{}, `no host in syslog server ":514"`},
		{"syslog:server=127.0.0.1:0", SyslogConf{}, `invalid port in syslog server "127.0.0.1:0"`},
		{"syslog:server=127.0.0.1:", SyslogConf{}, `invalid port in syslog server "127.0.0.1:"`},
		{"syslog:server=127.0.0.1:65536", SyslogConf{}, `invalid port in syslog server "127.0.0.1:65536"`},
		{"syslog:server=127.0.0.1/x", SyslogConf{}, `invalid host in syslog server "127.0.0.1/x"`},
		{"syslog:server=[::1", SyslogConf{}, `invalid host in syslog server "[::1"`},
		{"syslog:server=[::1]x", SyslogConf{}, `invalid host in syslog server "[::1]x"`},
		{"syslog:server=[]", SyslogConf{}, `no host in syslog server "[]"`},
		{"syslog:server=[::x]", SyslogConf{}, `invalid IPv6 address in syslog server "[::x]"`},
		{"syslog:server=unix:", SyslogConf{}, `no path in the unix domain socket in syslog server "unix:"`},
		{"syslog:server=unix:/" + strings.Repeat("a", 107), SyslogConf{}, `too long path in the unix domain socket in syslog server "unix:/` + strings.Repeat("a", 107) + `"`},
		{"syslog:server=no.such.host.invalid", SyslogConf{}, `host not found in syslog server "no.such.host.invalid"`},
	} {
		got, err := ParseSyslog(c.value, nobody)
		if got != c.want || errText(err) != c.err {
			t.Errorf("%s:\n got %+v, %q\nwant %+v, %q", c.value, got, errText(err), c.want, c.err)
		}
	}
}

func FuzzParseSyslog(f *testing.F) {
	f.Add("syslog:server=127.0.0.1:514,facility=local7,tag=nginx,severity=info,nohostname")
	f.Add("syslog:server=[::1]:1,server=unix:/x")
	f.Add("syslog:tag=,,=")
	f.Add("syslog:server=known:1")
	f.Fuzz(func(t *testing.T, s string) {
		lookup := func(host string) ([]netip.Addr, error) {
			if host == "known" {
				return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
			}
			return nil, errors.New("unknown")
		}
		if c, err := ParseSyslog(s, lookup); err == nil && c.Unix == "" && !c.UDP.IsValid() {
			t.Errorf("%q: no server in %+v", s, c)
		}
	})
}

func listen(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func receive(t *testing.T, c net.Conn) string {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestSyslogFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := listen(t, path)
	defer l.Close()
	host, _ := os.Hostname()
	host = regexp.QuoteMeta(strings.ToLower(host))
	for _, c := range []struct {
		name string
		conf SyslogConf
		want string
	}{
		{"defaults", SyslogConf{Facility: 23, Severity: Info, Tag: "nginx"}, `^<190>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ` + host + ` nginx: GET /$`},
		{"no host name", SyslogConf{Severity: Debug, Tag: "SEETAG", NoHostname: true}, `^<7>\w{3} [ \d]\d \S+ SEETAG: GET /$`},
	} {
		c.conf.Unix = path
		s := NewSyslog(c.conf, func(p Problem) { t.Errorf("%s: %+v", c.name, p) })
		s.Write([]byte("GET /\n"))
		if got := receive(t, l); !regexp.MustCompile(c.want).MatchString(got) {
			t.Errorf("%s: got %q, want %s", c.name, got, c.want)
		}
		s.Close()
	}
}

func TestSyslogUDP(t *testing.T) {
	l, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := NewSyslog(SyslogConf{UDP: l.LocalAddr().(*net.UDPAddr).AddrPort(), Tag: "t"}, nil)
	defer s.Close()
	s.Send(Crit, []byte("text"))
	if got := receive(t, l); !strings.HasPrefix(got, "<2>") || !strings.HasSuffix(got, " t: text") {
		t.Errorf("got %q", got)
	}
}

func TestSyslogReconnects(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var problems []Problem
	var s *Syslog
	s = NewSyslog(SyslogConf{Unix: path, Tag: "t"}, func(p Problem) {
		problems = append(problems, p)
		if p.About != "" && !s.Send(Error, []byte("about itself")) {
			t.Error("a report to the failing server is a failure")
		}
	})
	defer s.Close()
	about := " while logging to syslog, server: unix:" + path

	if s.Write([]byte("nobody listens")) {
		t.Error("nobody listens, and yet it went out")
	}
	l := listen(t, path)
	s.Write([]byte("1"))
	if got := receive(t, l); !strings.HasSuffix(got, ": 1") {
		t.Errorf("got %q", got)
	}
	l.Close()
	if s.Write([]byte("the server went away")) {
		t.Error("the server went away, and yet it went out")
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	l = listen(t, path)
	defer l.Close()
	s.Write([]byte("2"))
	if got := receive(t, l); !strings.HasSuffix(got, ": 2") {
		t.Errorf("got %q", got)
	}
	want := []Problem{
		{Alert, "connect() failed", syscall.ENOENT, about},
		{Error, "send() failed", syscall.ECONNREFUSED, about},
	}
	if len(problems) != len(want) {
		t.Fatalf("got %+v", problems)
	}
	for i := range want {
		if problems[i] != want[i] {
			t.Errorf("got %+v, want %+v", problems[i], want[i])
		}
	}
}

func TestSyslogDoesNotWaitForASlowServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := listen(t, path)
	defer l.Close()
	s := NewSyslog(SyslogConf{Unix: path}, nil)
	defer s.Close()
	for range 100_000 {
		if !s.Send(Info, []byte(strings.Repeat("x", 1000))) {
			return
		}
	}
	t.Error("a full socket takes everything")
}

func TestSyslogNoAllocations(t *testing.T) {
	l, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := NewSyslog(SyslogConf{UDP: l.LocalAddr().(*net.UDPAddr).AddrPort(), Tag: "t"}, nil)
	defer s.Close()
	line := []byte("127.0.0.1 - - GET /\n")
	if n := testing.AllocsPerRun(100, func() { s.Write(line) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
