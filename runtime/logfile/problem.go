package logfile

// Severity is a syslog severity: 0 is the gravest. The levels of error_log follow
// in the same order, one higher.
type Severity uint8

// The severities by error_log's names.
const (
	Emerg Severity = iota
	Alert
	Crit
	Error
	Warn
	Notice
	Info
	Debug
)

// Problem is a failure of logging itself. It is reported, never returned: a server
// goes on when its disk is full. Each file complains at most once a minute.
type Problem struct {
	Severity Severity
	Text     string // `write() to "/var/log/access.log" failed`
	Err      error  // the errno to print behind Text, or nil
	About    string // what to print behind the errno, or ""
}

// complaintEvery is nginx's distance in seconds between two complaints of a file.
const complaintEvery = 60
