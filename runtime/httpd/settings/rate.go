package settings

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// setRate reads limit_rate and limit_rate_after: a size, possibly with variables.
func (e *Env) setRate(p **script.Value, cmd *conf.Cmd) error {
	v, err := e.value(cmd, 0)
	if err != nil {
		return err
	}
	if text, static := v.Static(); static {
		if _, ok := conf.ParseSize(string(text)); !ok {
			return cmd.Bad("invalid value")
		}
	}
	*p = v
	return nil
}

// Rate evaluates limit_rate or limit_rate_after; 0 is no limit.
func Rate(v *script.Value, s script.Session) int64 {
	if v == nil {
		return 0
	}
	n, ok := conf.ParseSize(string(v.Eval(s)))
	if !ok {
		return 0
	}
	return n
}
