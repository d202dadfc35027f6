package logfile

import (
	"time"

	"github.com/klauspost/compress/gzip"
)

// DefaultGzipBuffer is the buffer that gzip without buffer= gets, in bytes.
const DefaultGzipBuffer = 64 << 10

// Buffering is access_log's buffer=, flush= and gzip. The zero value writes each
// line at once.
type Buffering struct {
	Size  int           // bytes; lines are written when the next one does not fit
	Flush time.Duration // how long after its first line a buffer is written at the latest; 0 for never
	Gzip  int           // 1..9 compresses each buffer into a gzip member; 0 for none
}

// configure changes the buffering for a new configuration.
func (f *File) configure(b Buffering, report func(Problem)) {
	f.writing.Lock()
	f.report = report
	p := f.flush()
	f.mu.Lock()
	if b != f.buffering {
		f.buffer(b)
	}
	f.mu.Unlock()
	f.finish(p)
	f.Flush() // what came in between, and may have relied on the old buffering
}

// buffer is configure with writing and mu held.
func (f *File) buffer(b Buffering) {
	if f.timer != nil {
		f.timer.Stop()
		f.timer = nil
	}
	f.buffering, f.gz = b, nil
	if b.Flush > 0 {
		f.timer = time.AfterFunc(b.Flush, f.Flush)
	}
	if b.Gzip > 0 {
		// The level is 1..9 as checked when the directive was read.
		f.gz, _ = gzip.NewWriterLevel(&f.member, b.Gzip)
	}
}

// writeBuffered is Write with buffer=. mu is held and is released.
func (f *File) writeBuffered(line []byte) (failed *Problem) {
	for len(f.lines) > 0 && len(f.lines)+len(line) > f.buffering.Size {
		f.mu.Unlock()
		if p := f.flushNow(); p != nil {
			failed = p
		}
		f.mu.Lock()
	}
	if len(line) > f.buffering.Size {
		if f.timer != nil && len(f.lines) == 0 {
			f.timer.Stop()
		}
		f.mu.Unlock()
		f.writing.Lock()
		defer f.writing.Unlock()
		if p := f.emit(line); p != nil {
			failed = p
		}
		return failed
	}
	if len(f.lines) == 0 && f.timer != nil {
		f.timer.Reset(f.buffering.Flush)
	}
	f.lines = append(f.lines, line...)
	f.mu.Unlock()
	return failed
}
