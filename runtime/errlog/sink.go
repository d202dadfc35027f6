package errlog

import (
	"slices"
	"sync"

	"github.com/sluiceproxy/sluice/runtime/logfile"
)

// FileSink logs to a file; it is what Parse makes of a path.
func FileSink(f *logfile.File) Sink { return fileSink{f} }

type fileSink struct{ file *logfile.File }

// Path is the file that the output logs to, "" when it is none or stderr.
func (o *Output) Path() string {
	if s, ok := o.Sink.(fileSink); ok {
		return s.file.Path()
	}
	return ""
}

func (s fileSink) WriteRecord(_ Level, rec []byte) { s.file.WriteNow(rec) }

type syslogSink struct{ server *logfile.Syslog }

func (s syslogSink) WriteRecord(lv Level, rec []byte) {
	s.server.Send(logfile.Severity(max(lv, Emerg)-1), rec)
}

// Close ends the connection to the server.
func (s syslogSink) Close() error {
	s.server.Close()
	return nil
}

// minMemory is the smallest buffer that "memory:" takes: one record and the head
// that nginx puts before it, but for the name of the configuration file in there.
const minMemory = MaxRecord + 51

// Memory keeps the latest records in a ring of fixed size, for a debugger or a
// status page to look at: error_log memory:size.
type Memory struct {
	mu   sync.Mutex
	ring []byte
	size int
	next int // where the next record goes once the ring is full
}

// NewMemory makes a ring of size bytes.
func NewMemory(size int) *Memory { return &Memory{size: size} }

// WriteRecord implements Sink.
func (m *Memory) WriteRecord(_ Level, rec []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := min(m.size-len(m.ring), len(rec)); n > 0 {
		m.ring = append(m.ring, rec[:n]...)
		rec = rec[n:]
	}
	for len(rec) > 0 {
		n := copy(m.ring[m.next:], rec)
		m.next = (m.next + n) % m.size
		rec = rec[n:]
	}
}

// Bytes is a copy of what the ring holds, oldest first. The first record may have
// lost its beginning.
func (m *Memory) Bytes() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Concat(m.ring[m.next:], m.ring[:m.next])
}
