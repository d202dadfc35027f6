package logfile

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sys/unix"
)

const (
	// maxGather is how many bytes may wait for a write in flight. A goroutine whose line
	// exceeds it waits for the write.
	maxGather = 1 << 20
	// maxKeep is the capacity up to which buffers are kept for reuse.
	maxKeep = 256 << 10
	// loneAfter is after how many writes of a single line each a goroutine stops
	// letting others go first, except for every loneAfter'th line that tries again.
	loneAfter = 8
)

// File is an append-only log file. Its methods may be called concurrently. Nothing
// is written before the File's Set is open nor after the last Set with it is closed.
type File struct {
	path string // absolute, or "" for stderr
	sets int    // open sets that have the file; guarded by mu

	// full is the second, since 1970, in which the disk was found full. Lines of
	// that second are dropped, as nginx does: a write to a full disk can be slow.
	full atomic.Int64

	// writing is held while the descriptor is used, and taken before mu.
	writing    sync.Mutex
	fd         int // -1 when closed
	spare      []byte
	complained int64 // second of the last report
	report     func(Problem)
	gz         *gzip.Writer // of buffering.Gzip
	member     bytes.Buffer

	mu        sync.Mutex
	buffering Buffering
	lines     []byte // collected, not yet written
	count     int    // how many lines that is
	lone      uint   // consecutive writes of one line
	led       bool   // a goroutine is about to write lines
	timer     *time.Timer
}

// Path is the absolute path, or "" for stderr.
func (f *File) Path() string { return f.path }

// Write adds a line, which ends with a line feed, for access logs. It returns when
// the line is in the file or will be written by another goroutine that is running
// already (with buffer=: when the buffer is full, flushed or its time is up).
// The line is not kept. A failure of a write made by this call is returned, at most
// one a minute, for the caller to report with its context; failures of writes that no
// caller waits for go to the Set's Report.
func (f *File) Write(line []byte) *Problem {
	if f.isFull() {
		return nil
	}
	f.mu.Lock()
	if f.buffering.Size > 0 {
		return f.writeBuffered(line)
	}
	f.lines = append(f.lines, line...)
	f.count++
	if f.led && len(f.lines) < maxGather {
		f.mu.Unlock()
		return nil
	}
	f.led = true
	yield := f.lone < loneAfter || f.lone%loneAfter == 0
	f.mu.Unlock()
	if yield {
		runtime.Gosched()
	}
	return f.flushNow()
}

// flushNow is Flush that returns the failure.
func (f *File) flushNow() *Problem {
	f.writing.Lock()
	defer f.writing.Unlock()
	return f.flush()
}

// WriteNow writes a line before it returns, for error logs: what led to a crash must
// be in the file. Lines that were gathered earlier go first; those in a buffer= of an
// access log in the same file do not.
func (f *File) WriteNow(line []byte) {
	if f.isFull() {
		return
	}
	f.mu.Lock()
	if f.buffering.Size == 0 {
		f.lines = append(f.lines, line...)
		f.count++
		f.mu.Unlock()
		f.Flush()
		return
	}
	f.mu.Unlock()
	f.writing.Lock()
	p := f.put(line)
	f.finish(p)
}

// Flush writes the lines that were collected or are buffered.
func (f *File) Flush() {
	f.writing.Lock()
	f.finish(f.flush())
}

// flush is Flush with writing held. The caller calls finish.
func (f *File) flush() *Problem {
	f.mu.Lock()
	b := f.lines
	if f.count == 1 {
		f.lone++
	} else if f.count > 1 {
		f.lone = 0
	}
	f.lines, f.count, f.led = f.spare[:0], 0, false
	f.mu.Unlock()
	f.spare = nil
	p := f.emit(b)
	if cap(b) <= max(maxKeep, f.buffering.Size) {
		f.spare = b
	}
	return p
}

// emit writes whole lines, as one gzip member if so configured. writing is held.
func (f *File) emit(b []byte) *Problem {
	if len(b) == 0 || f.gz == nil {
		return f.put(b)
	}
	f.member.Reset()
	f.gz.Reset(&f.member)
	// Writes to a bytes.Buffer do not fail.
	_, _ = f.gz.Write(b)
	_ = f.gz.Close()
	return f.put(f.member.Bytes())
}

// put is write(2) until everything is written or nothing more can be. writing is held.
func (f *File) put(b []byte) *Problem {
	if f.fd < 0 {
		return nil
	}
	for done := 0; done < len(b); {
		n, err := syscall.Write(f.fd, b[done:])
		switch {
		case err == syscall.EINTR:
		case err != nil:
			if err == syscall.ENOSPC {
				f.full.Store(time.Now().Unix())
			}
			return f.complain(Problem{Severity: Alert, Text: `write() to "` + f.path + `" failed`, Err: err})
		case n == 0:
			return f.complain(Problem{Severity: Alert, Text: fmt.Sprintf(
				`write() to "%s" was incomplete: %d of %d`, f.path, done, len(b))})
		default:
			done += n
		}
	}
	return nil
}

// complain passes a problem on unless there was one within the last minute. writing is held.
func (f *File) complain(p Problem) *Problem {
	now := time.Now().Unix()
	if f.complained != 0 && now-f.complained < complaintEvery {
		return nil
	}
	f.complained = now
	return &p
}

// finish releases writing and then reports: the report may end in this very file.
func (f *File) finish(p *Problem) {
	report := f.report
	f.writing.Unlock()
	if p != nil && report != nil {
		report(*p)
	}
}

func (f *File) isFull() bool {
	s := f.full.Load()
	return s != 0 && s == time.Now().Unix()
}

// install makes fd the descriptor, after what was gathered went to the old one.
// The old one is closed, unless it is stderr.
func (f *File) install(fd int) {
	f.writing.Lock()
	p := f.flush()
	old := f.fd
	f.fd = fd
	f.finish(p)
	if old >= 0 && f.path != "" {
		_ = syscall.Close(old)
	}
}

// duplicate returns another descriptor of the file.
func (f *File) duplicate() (int, error) {
	f.writing.Lock()
	defer f.writing.Unlock()
	return unix.FcntlInt(uintptr(f.fd), unix.F_DUPFD_CLOEXEC, 0)
}
