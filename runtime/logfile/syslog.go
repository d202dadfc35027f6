package logfile

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
	"github.com/sluiceproxy/sluice/runtime/internal/raw"
)

// Syslog sends lines to a syslog server as RFC 3164 datagrams. Sending never waits;
// what cannot be sent is lost and reported. After a failure the next line connects
// again. Its methods may be called concurrently.
type Syslog struct {
	conf   SyslogConf
	host   string
	report func(Problem)

	mu     sync.Mutex
	fd     int // -1 until connected
	busy   bool
	closed bool
	buf    []byte
}

// NewSyslog prepares a connection; nothing is opened before the first line. report
// may itself log to this server (nothing is sent meanwhile) and may be nil.
func NewSyslog(conf SyslogConf, report func(Problem)) *Syslog {
	s := &Syslog{conf: conf, report: report, fd: -1}
	if !conf.NoHostname {
		// Without a name the header has an empty one, as nginx's.
		s.host, _ = os.Hostname()
		s.host = strings.ToLower(s.host)
	}
	return s
}

// Conf is the configuration.
func (s *Syslog) Conf() SyslogConf { return s.conf }

// Write sends an access log line, with or without its line feed, with the
// configured severity, and reports whether it went out.
func (s *Syslog) Write(line []byte) bool { return s.Send(s.conf.Severity, line) }

// Send sends one line, with or without its line feed, and reports whether it went out.
func (s *Syslog) Send(sev Severity, line []byte) bool {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	s.mu.Lock()
	if s.busy || s.closed {
		s.mu.Unlock()
		return true
	}
	b := s.appendHeader(s.buf[:0], sev)
	b = append(b, line...)
	s.buf = b
	p := s.connect()
	if p == nil {
		_, e := raw.Write(s.fd, b, false)
		switch e {
		case 0:
			s.mu.Unlock()
			return true
		case syscall.EAGAIN: // the server is slow, the line is lost
			s.mu.Unlock()
			return false
		}
		s.disconnect()
		p = &Problem{Severity: sendSeverity(e), Text: "send() failed", Err: e}
	}
	p.About = " while logging to syslog, server: " + s.conf.Name()
	s.fail(p)
	return false
}

// fail reports with mu held, which it releases. Lines that the report sends here
// are dropped, or a dead server would be reported without end.
func (s *Syslog) fail(p *Problem) {
	s.busy = true
	s.mu.Unlock()
	if s.report != nil {
		s.report(*p)
	}
	s.mu.Lock()
	s.busy = false
	s.mu.Unlock()
}

// appendHeader appends "<190>Sep 28 12:00:00 host tag: ".
func (s *Syslog) appendHeader(b []byte, sev Severity) []byte {
	b = append(b, '<')
	b = strconv.AppendUint(b, uint64(s.conf.Facility)*8+uint64(sev), 10)
	b = append(b, '>')
	b = time.Now().AppendFormat(b, time.Stamp)
	b = append(b, ' ')
	if !s.conf.NoHostname {
		b = append(b, s.host...)
		b = append(b, ' ')
	}
	b = append(b, s.conf.Tag...)
	return append(b, ": "...)
}

func (s *Syslog) connect() *Problem {
	if s.fd >= 0 {
		return nil
	}
	family, addr := unix.AF_UNIX, unix.Sockaddr(&unix.SockaddrUnix{Name: s.conf.Unix})
	if s.conf.Unix == "" {
		ip, port := s.conf.UDP.Addr(), int(s.conf.UDP.Port())
		if ip.Is4() {
			family, addr = unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: ip.As4()}
		} else {
			family, addr = unix.AF_INET6, &unix.SockaddrInet6{Port: port, Addr: ip.As16()}
		}
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM, 0)
	if err != nil {
		return &Problem{Severity: Alert, Text: "socket() failed", Err: err}
	}
	unix.CloseOnExec(fd)
	call := "fcntl(O_NONBLOCK)"
	if err = unix.SetNonblock(fd, true); err == nil {
		call, err = "connect()", unix.Connect(fd, addr)
	}
	if err != nil {
		_ = unix.Close(fd)
		return &Problem{Severity: Alert, Text: errno.Failed(call, "", nil).Text(), Err: err}
	}
	s.fd = fd
	return nil
}

func (s *Syslog) disconnect() {
	if s.fd >= 0 {
		_ = unix.Close(s.fd)
		s.fd = -1
	}
}

// Close ends the connection. Lines sent later are dropped.
func (s *Syslog) Close() {
	s.mu.Lock()
	s.closed = true
	s.disconnect()
	s.mu.Unlock()
}

// sendSeverity is nginx's judgement of a failed send: a server that went away is an
// error, anything else is alarming.
func sendSeverity(e syscall.Errno) Severity {
	switch e {
	case syscall.ECONNRESET, syscall.EPIPE, syscall.ENOTCONN, syscall.ETIMEDOUT, syscall.ECONNREFUSED,
		syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EHOSTUNREACH:
		return Error
	}
	return Alert
}
