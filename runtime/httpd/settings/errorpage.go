package settings

import (
	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/script"
)

// ErrorPage is what error_page says about one code.
type ErrorPage struct {
	Status  int
	Replace int // -1: keep the code, 0: the page's own, else this code
	Target  *script.Value
	Args    []byte
	Node    *conf.Node
}

func (e *Env) addErrorPage(c *Core, cmd *conf.Cmd) error {
	n := len(cmd.Args) - 1
	target := cmd.Arg(n)
	replace := -1
	if last := cmd.Arg(n - 1); last != "" && last[0] == '=' {
		if n == 1 {
			return cmd.Errorf(`invalid value "%s"`, last)
		}
		replace = 0
		if len(last) > 1 {
			code, ok := conf.ParseInt(last[1:])
			if !ok {
				return cmd.Errorf(`invalid value "%s"`, last)
			}
			replace = code
		}
		n--
	}
	v, err := e.Compile(target)
	if err != nil {
		return cmd.Errorf("%s", err.Error())
	}
	var args []byte
	if text, static := v.Static(); static && len(text) > 0 && text[0] == '/' {
		for i, ch := range text {
			if ch == '?' {
				v, args = script.Literal(string(text[:i])), text[i+1:]
				break
			}
		}
	}
	for _, a := range cmd.Args[:n] {
		code, ok := conf.ParseInt(a.Value)
		if !ok || code == 499 {
			return cmd.Errorf(`invalid value "%s"`, a.Value)
		}
		if code < 300 || code > 599 {
			return cmd.Errorf(`value "%s" must be between 300 and 599`, a.Value)
		}
		p := &ErrorPage{Status: code, Replace: replace, Target: v, Args: args, Node: cmd.Node}
		if replace == -1 && code >= 494 && code <= 497 {
			p.Replace = 400
		}
		c.ErrorPages.Add(cmd.Block, p)
	}
	return nil
}
