package errlog

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// MaxRecord is the length in bytes, line feed included, at which nginx cuts a record.
const MaxRecord = 2048

// errnoRoom is what nginx keeps free at the end of a long message for the errno.
const errnoRoom = 50

// record is one log record under construction. It is the writer of its own
// zerolog.Logger, so that the exact bytes of the line travel beside the event.
type record struct {
	log   *Logger
	event zerolog.Logger // writes to the record itself
	level Level
	time  time.Time
	line  []byte // nginx's line
	msg   int    // line[msg:end] is the message
	end   int
	about Fields // the context's parts, as places in line
}

func newRecord(l *Logger) *record {
	r := &record{log: l, line: make([]byte, 0, 256)}
	r.event = zerolog.New(r)
	return r
}

// build makes the line and remembers where its parts are.
func (r *record) build(lv Level, conn uint64, err error, ctx Context, format string, args []any) {
	r.level, r.time = lv, time.Now()
	b := append(r.line[:0], clock.At(r.time).ErrLogTime()...)
	b = append(b, " ["...)
	b = append(b, lv.String()...)
	b = append(b, "] "...)
	b = strconv.AppendInt(b, int64(r.log.pid), 10)
	b = append(b, '#')
	b = strconv.AppendInt(b, int64(r.log.pid), 10)
	b = append(b, ": "...)
	if conn != 0 {
		b = append(b, '*')
		b = strconv.AppendUint(b, conn, 10)
		b = append(b, ' ')
	}
	r.msg = len(b)
	b = cut(fmt.Appendf(b, format, args...), MaxRecord)
	r.end = len(b)
	if err != nil {
		if r.end > MaxRecord-errnoRoom {
			b = append(b[:MaxRecord-errnoRoom], "..."...)
			r.end = len(b)
		}
		b = cut(errno.Append(b, err), MaxRecord)
	}
	r.about.n = 0
	if ctx != nil && lv != Debug {
		r.about.line = b
		ctx.LogFields(&r.about)
		b, r.about.line = r.about.line, nil
	}
	b = cut(b, MaxRecord-1)
	r.line = append(b, '\n')
}

// emit sends the record as a zerolog event; the event comes back through Write.
func (r *record) emit(conn uint64, err error) {
	var stamp [len("2006-01-02T15:04:05.000Z07:00") + 8]byte
	e := r.event.Log().
		Bytes("time", r.time.AppendFormat(stamp[:0], "2006-01-02T15:04:05.000Z07:00")).
		Str("level", r.level.String()).
		Int("pid", r.log.pid).
		Int("tid", r.log.pid)
	if conn != 0 {
		e.Uint64("connection", conn)
	}
	e.Bytes("message", r.line[r.msg:r.end])
	if no, ok := errno.Of(err); ok {
		e.Int("errno", int(no)).Str("error", errno.Text(no))
	} else if err != nil {
		e.Str("error", err.Error())
	}
	end := len(r.line) - 1 // of what was not cut off
	for _, p := range r.about.parts[:r.about.n] {
		e.Bytes(p.name, r.line[min(p.from, end):min(p.to, end)])
	}
	e.Send()
}

// Write is called by zerolog with the finished event, a line of JSON.
func (r *record) Write(event []byte) (int, error) {
	r.deliver(event)
	return len(event), nil
}

// deliver hands the event or nginx's line to each log that wants the record.
// Only where no log wants events there may be none.
func (r *record) deliver(event []byte) {
	l, console := r.log, r.log.console
	for i := range l.outputs {
		out := &l.outputs[i]
		if r.level > out.Threshold.Level {
			continue
		}
		rec := r.line
		if out.Threshold.JSON {
			rec = event
		}
		out.Sink.WriteRecord(r.level, rec)
		if out.Console {
			console = nil
		}
	}
	if console != nil && r.level <= Warn {
		r.writeConsole(console)
	}
}

// writeConsole prints the record as a command's message: "nginx: [emerg] text".
func (r *record) writeConsole(w io.Writer) {
	b := make([]byte, 0, len(r.line)+len(r.log.program))
	b = append(b, r.log.program...)
	b = append(b, ": ["...)
	b = append(b, r.level.String()...)
	b = append(b, "] "...)
	b = append(b, r.line[r.msg:]...)
	// Nothing is left to report to when stderr itself fails.
	_, _ = w.Write(b)
}

func cut(b []byte, n int) []byte { return b[:min(len(b), n)] }
