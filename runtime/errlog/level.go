package errlog

import "fmt"

// Level is nginx's severity. A lower value is more severe, and a log configured
// with a level prints that level and all below it.
type Level uint8

// The levels of error_log, in nginx's order. Stderr is the unnamed level 0 that
// always prints; it cannot be configured.
const (
	Stderr Level = iota
	Emerg
	Alert
	Crit
	Error
	Warn
	Notice
	Info
	Debug
)

var levelNames = [...]string{"", "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"}

// String is the level's name in nginx.conf and in the record.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return ""
}

// DebugMask selects the parts that log at Debug (error_log's debug_core ... debug_stream).
type DebugMask uint8

// The debug_* words of error_log. DebugAll is what "debug" means.
const (
	DebugCore DebugMask = 1 << iota
	DebugAlloc
	DebugMutex
	DebugEvent
	DebugHTTP
	DebugMail
	DebugStream

	DebugAll DebugMask = 1<<iota - 1
)

var debugNames = [...]string{
	"debug_core", "debug_alloc", "debug_mutex", "debug_event", "debug_http", "debug_mail", "debug_stream",
}

// Threshold is what one log lets through.
type Threshold struct {
	Level Level     // the least severe level printed; with a mask it is Debug
	Debug DebugMask // the parts that print at Debug; 0 unless Level is Debug
	JSON  bool      // print the zerolog event instead of nginx's line
}

// ParseLevels reads the words that follow the destination of an error_log
// directive. None means "error". The word "json" selects the event encoder and is
// no level. Errors are nginx's: `invalid log level "x"`, `duplicate log level "x"`.
func ParseLevels(words []string) (Threshold, error) {
	var t Threshold
	for _, w := range words {
		if w == "json" {
			if t.JSON {
				return t, fmt.Errorf("duplicate log level \"%s\"", w)
			}
			t.JSON = true
			continue
		}
		if lv := levelOf(w); lv != 0 {
			if t.Level != 0 {
				return t, fmt.Errorf("duplicate log level \"%s\"", w)
			}
			t.Level = lv
			continue
		}
		m := maskOf(w)
		if m == 0 || t.Level != 0 && t.Debug == 0 {
			return t, fmt.Errorf("invalid log level \"%s\"", w)
		}
		t.Level, t.Debug = Debug, t.Debug|m
	}
	switch {
	case t.Level == 0:
		t.Level = Error
	case t.Level == Debug && t.Debug == 0:
		t.Debug = DebugAll
	}
	return t, nil
}

func levelOf(word string) Level {
	for lv := Emerg; lv <= Debug; lv++ {
		if levelNames[lv] == word {
			return lv
		}
	}
	return 0
}

func maskOf(word string) DebugMask {
	for i, n := range debugNames {
		if n == word {
			return 1 << i
		}
	}
	return 0
}
