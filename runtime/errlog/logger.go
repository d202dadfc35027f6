package errlog

import (
	"io"
	"os"
	"sync"
	"syscall"

	"github.com/sluiceproxy/sluice/runtime/errlog/errno"
)

// Sink takes finished records. Implementations are safe for concurrent use and
// keep no reference to the bytes.
type Sink interface {
	// WriteRecord takes one record. rec ends with a line feed.
	WriteRecord(lv Level, rec []byte)
}

// Output is one error_log directive: where, and what of it.
type Output struct {
	Sink      Sink
	Threshold Threshold
	// File is true if the destination is a file or stderr. nginx adds its default log
	// to a configuration in which no log is one; see NeedsDefault.
	File bool
	// Console is true if the destination is stderr itself, so that a record is not
	// repeated there by Config.Console.
	Console bool
}

// Config describes a Logger. The zero value discards everything.
type Config struct {
	Outputs []Output
	// Console, when set, also receives every record from Warn up that reaches a log
	// (all of them where there is none) as the line a command prints: "nginx: [emerg]
	// text". It is stderr during start-up and -t, and nil once the server runs
	// (nginx's ngx_use_stderr).
	Console io.Writer
	// Program is the name at the start of console lines; "" means "nginx", which is
	// what the tools that read these lines expect.
	Program string
	// PID is printed as pid#tid; 0 means os.Getpid().
	PID int
}

// Logger writes records to the logs of one configuration block. It never changes
// after New and may be shared; its methods may be called on nil, which discards.
type Logger struct {
	outputs []Output
	console io.Writer
	program string
	pid     int
	level   Level     // the most talkative output
	debug   DebugMask // of all outputs together
	json    bool      // an output prints events
	records sync.Pool // of *record; each belongs to this logger

	verbose     *Logger // see Verbose
	makeVerbose sync.Once
}

// New builds a Logger.
func New(cfg Config) *Logger {
	l := &Logger{
		outputs: append([]Output(nil), cfg.Outputs...),
		console: cfg.Console,
		program: cfg.Program,
		pid:     cfg.PID,
	}
	if l.program == "" {
		l.program = "nginx"
	}
	if l.pid == 0 {
		l.pid = os.Getpid()
	}
	for i := range l.outputs {
		l.level = max(l.level, l.outputs[i].Threshold.Level)
		l.debug |= l.outputs[i].Threshold.Debug
		l.json = l.json || l.outputs[i].Threshold.JSON
	}
	if l.console != nil && len(l.outputs) == 0 {
		l.level = Warn
	}
	l.records.New = func() any { return newRecord(l) }
	return l
}

// NeedsDefault reports whether a main configuration with these outputs gets
// nginx's default log at level error added: when none of them is a file.
func NeedsDefault(outputs []Output) bool {
	for i := range outputs {
		if outputs[i].File {
			return false
		}
	}
	return true
}

// Enabled reports whether a record of this level reaches any log. Ask before
// gathering arguments that cost something.
func (l *Logger) Enabled(lv Level) bool { return l != nil && lv <= l.level }

// Debug returns the parts of which Debug records reach any log.
func (l *Logger) Debug() DebugMask {
	if l == nil {
		return 0
	}
	return l.debug
}

// DebugEnabled reports whether Debug records of this part reach any log.
func (l *Logger) DebugEnabled(part DebugMask) bool { return l != nil && l.debug&part != 0 }

// Verbose is a logger to the same outputs that prints every record in all of
// them, whatever their levels: nginx's for a connection that debug_connection
// names. It is made once.
func (l *Logger) Verbose() *Logger {
	if l == nil {
		return nil
	}
	l.makeVerbose.Do(func() {
		outputs := append([]Output(nil), l.outputs...)
		for i := range outputs {
			outputs[i].Threshold.Level, outputs[i].Threshold.Debug = Debug, DebugAll
		}
		l.verbose = New(Config{Outputs: outputs, Console: l.console, Program: l.program, PID: l.pid})
	})
	return l.verbose
}

// Log writes one record. conn is the connection's number, printed as "*3 ", or 0
// for none. err adds " (2: No such file or directory)" when it holds an errno and
// its own text in parentheses when not; nil adds nothing. ctx, which may be nil,
// adds the context, except at Debug. format and args are package fmt's; bytes
// printed with %s reach the log unchanged. Records are cut at 2048 bytes.
func (l *Logger) Log(lv Level, conn uint64, err error, ctx Context, format string, args ...any) {
	if !l.Enabled(lv) {
		return
	}
	r := l.records.Get().(*record)
	r.build(lv, conn, err, ctx, format, args)
	if l.json {
		r.emit(conn, err)
	} else {
		r.deliver(nil)
	}
	l.records.Put(r)
}

// Fail logs a failed operation without connection or context: an error that has a
// text and an errno, such as *errno.OpError, is logged with both, any other with its
// text.
func (l *Logger) Fail(lv Level, err error) {
	if op, ok := err.(operation); ok {
		l.Log(lv, 0, op.Unwrap(), nil, "%s", op.Text())
		return
	}
	l.Log(lv, 0, nil, nil, "%s", err.Error())
}

type operation interface {
	Text() string  // without the errno
	Unwrap() error // the errno
}

// Close ends the connections of syslog outputs; later records do not reach them.
// Files belong to their logfile.Set. Loggers that share outputs are closed together.
func (l *Logger) Close() {
	if l == nil {
		return
	}
	for i := range l.outputs {
		if c, ok := l.outputs[i].Sink.(io.Closer); ok {
			// A datagram socket has nothing to lose.
			_ = c.Close()
		}
	}
}

// Errno finds the errno that err carries or wraps; see errno.Of.
func Errno(err error) (syscall.Errno, bool) { return errno.Of(err) }

// AppendErrno appends " (2: No such file or directory)" for err; see errno.Append.
func AppendErrno(dst []byte, err error) []byte { return errno.Append(dst, err) }
