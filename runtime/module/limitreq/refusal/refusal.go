package refusal

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/errlog"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// Outcome is the variable with the result of a request: $limit_req_status,
// $limit_conn_status. It belongs to one load.
type Outcome struct{ index int }

// Values of the variable that both modules have.
var (
	passed         = []byte("PASSED")
	rejected       = []byte("REJECTED")
	rejectedDryRun = []byte("REJECTED_DRY_RUN")
)

// Define adds the variable.
func Define(b *httpd.Builder, name string) *Outcome {
	b.Vars.Define(name, httpd.Var{NoCache: true, Get: func(*httpd.Request, string) ([]byte, bool) {
		return nil, false // see Note
	}})
	return &Outcome{b.Vars.Index(name)}
}

// Note makes text the value of the variable, also after an internal redirect
// and for subrequests.
func (o *Outcome) Note(r *httpd.Request, text []byte) { r.Main().StoreVar(o.index, text) }

// Pass notes that a limit has let a request through.
func (o *Outcome) Pass(r *httpd.Request) { o.Note(r, passed) }

// Known reports whether something was noted already: a client's request is
// limited once.
func (o *Outcome) Known(r *httpd.Request) bool {
	_, known := r.Main().Lookup(o.index)
	return known
}

// Settings are a block's settings of refusals: the directives limit_req_log_level,
// limit_req_status and limit_req_dry_run, and those of limit_conn.
type Settings struct {
	*Outcome
	Level  int // errlog.Level of refusals
	DryRun bool

	status int
}

// Defaults are the settings without any directive.
func Defaults(o *Outcome) Settings {
	return Settings{Outcome: o, Level: int(errlog.Error), status: int(httpd.StatusUnavailable)}
}

var levels = []conf.Choice{
	{Word: "info", Value: int(errlog.Info)},
	{Word: "notice", Value: int(errlog.Notice)},
	{Word: "warn", Value: int(errlog.Warn)},
	{Word: "error", Value: int(errlog.Error)},
}

// Bind adds the directives that begin with limit: limit_req, limit_conn.
func (s *Settings) Bind(t *conf.Table, limit string) {
	t.Enum(limit+"_log_level", &s.Level, levels)
	t.Int(limit+"_status", &s.status, 400, 599)
	t.Flag(limit+"_dry_run", &s.DryRun)
}

// Reject ends a request with the status that the block has for it, or notes
// that it would.
func (s *Settings) Reject(r *httpd.Request) httpd.Result {
	if s.DryRun {
		s.Note(r, rejectedDryRun)
		return httpd.Declined
	}
	s.Note(r, rejected)
	return httpd.Result(s.status)
}

// Key returns the key of a request, and false where it has none, or one of more
// than longest bytes, which is logged.
func Key(r *httpd.Request, v *script.Value, longest int) ([]byte, bool) {
	key := v.Eval(r)
	if len(key) > longest {
		r.Errorf(nil, `the value of the "%s" key is more than %d bytes: "%s"`, v.Text(), longest, key)
		return nil, false
	}
	return key, len(key) > 0
}
