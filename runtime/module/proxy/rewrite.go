package proxy

import (
	"bytes"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/httpd/pass"
	"github.com/sluiceproxy/sluice/runtime/regex"
	"github.com/sluiceproxy/sluice/runtime/script"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

// rewrites are rules of which the first that matches changes a value.
type rewrites struct{ rules []*rule }

// rule replaces the beginning of a value, or the whole of one that an
// expression or a domain matches.
type rule struct {
	pattern     *script.Value
	regex       *regex.Regex
	domain      bool // compare as a domain: a leading dot does not count
	replacement *script.Value
}

// redirects is proxy_redirect.
type redirects struct {
	off bool
	rewrites
}

// setRedirect handles proxy_redirect.
func (m *module) setRedirect(c *settings, cmd *conf.Cmd) error {
	rd := c.redirect.V
	if rd == nil || !c.redirect.SetAt(cmd.Block) {
		rd = &redirects{}
		c.redirect.Set(cmd.Block, rd)
	} else if rd.off {
		return cmd.Bad("is duplicate")
	}
	if len(cmd.Args) == 1 {
		switch cmd.Arg(0) {
		case "off":
			if len(rd.rules) > 0 {
				return cmd.Bad("is duplicate")
			}
			rd.off = true
		case "default":
			return rd.addDefault(c, cmd)
		default:
			return cmd.Errorf(`invalid parameter "%s"`, cmd.Arg(0))
		}
		return nil
	}
	r, err := m.rule(cmd, cmd.Arg(0), cmd.Arg(1), false)
	rd.rules = append(rd.rules, r)
	return err
}

// addDefault handles proxy_redirect default, which may only follow proxy_pass.
func (rd *redirects) addDefault(c *settings, cmd *conf.Cmd) error {
	switch t := c.pass.V; {
	case t == nil || !c.pass.SetAt(cmd.Block):
		return cmd.Errorf(`"proxy_redirect default" should be placed after the "proxy_pass" directive`)
	case t.Value != nil:
		return cmd.Errorf(`"proxy_redirect default" cannot be used with "proxy_pass" directive with variables`)
	default:
		rd.rules = append(rd.rules, t.defaultRule())
	}
	return nil
}

// defaultRule turns the address of proxy_pass back into the location.
func (t *target) defaultRule() *rule {
	if len(t.Addr.URI) > 0 {
		return &rule{pattern: script.Literal(t.Text), replacement: script.Literal(string(t.location))}
	}
	return &rule{pattern: script.Literal(t.Text + "/"), replacement: script.Literal("/")}
}

// redirects returns the proxy_redirect rules that hold in a block, nil for none.
// Where none is given, the default of the outermost proxy_pass around holds,
// also for those inside it that pass to other places.
func (m *module) redirects(b *conf.Block) *rewrites {
	if rd := m.section.Of(b).redirect.V; rd != nil {
		if rd.off {
			return nil
		}
		return &rd.rewrites
	}
	var first *target
	for ; b != nil; b = b.Parent {
		if p := &m.section.Of(b).pass; p.SetAt(b) && p.V.Value == nil {
			first = p.V
		}
	}
	if first == nil {
		return nil
	}
	return &rewrites{rules: []*rule{first.defaultRule()}}
}

// rule compiles a pattern, with `~` an expression, and its replacement.
func (m *module) rule(cmd *conf.Cmd, pattern, replacement string, anyCase bool) (*rule, error) {
	r := &rule{}
	var err error
	if len(pattern) > 0 && pattern[0] == '~' {
		pattern = pattern[1:]
		caseless := anyCase
		if !anyCase && len(pattern) > 0 && pattern[0] == '*' {
			pattern, caseless = pattern[1:], true
		}
		if r.regex, err = m.b.Regex(cmd, pattern, caseless); err != nil {
			return nil, err
		}
	} else if r.pattern, err = m.b.Vars.Compile(pattern); err != nil {
		return nil, cmd.Errorf("%s", err.Error())
	}
	if r.replacement, err = m.b.Vars.Compile(replacement); err != nil {
		return nil, cmd.Errorf("%s", err.Error())
	}
	return r, nil
}

// setCookie handles proxy_cookie_domain and proxy_cookie_path.
func (m *module) setCookie(slot *conf.Slot[*rewrites], cmd *conf.Cmd, domain bool) error {
	if done, err := switchedOff(slot, cmd); done {
		return err
	}
	pattern, replacement := cmd.Arg(0), cmd.Arg(1)
	isDomain := domain && (pattern == "" || pattern[0] != '~')
	if isDomain {
		pattern, replacement = trimDot(pattern), trimDot(replacement)
	}
	r, err := m.rule(cmd, pattern, replacement, domain)
	if err != nil {
		return err
	}
	r.domain = isDomain
	if !slot.SetAt(cmd.Block) {
		slot.Set(cmd.Block, &rewrites{})
	}
	slot.V.rules = append(slot.V.rules, r)
	return nil
}

// switchedOff handles the form "off" of a directive that may stand several times with rules in a block, or once with
// off. done says that this was no rule.
func switchedOff[T any](slot *conf.Slot[*T], cmd *conf.Cmd) (done bool, err error) {
	own := slot.SetAt(cmd.Block)
	switch {
	case own && slot.V == nil:
		return true, cmd.Bad("is duplicate")
	case len(cmd.Args) != 1:
		return false, nil
	case cmd.Arg(0) != "off":
		return true, cmd.Errorf(`invalid parameter "%s"`, cmd.Arg(0))
	case own:
		return true, cmd.Bad("is duplicate")
	}
	slot.Set(cmd.Block, nil)
	return true, nil
}

func trimDot(s string) string {
	if len(s) > 0 && s[0] == '.' {
		return s[1:]
	}
	return s
}

// apply changes the part of value from prefix on by the first rule that
// matches.
func (w *rewrites) apply(r *httpd.Request, value []byte, prefix int) ([]byte, bool) {
	if w == nil {
		return value, false
	}
	for _, rule := range w.rules {
		if v, ok := rule.apply(r, value, prefix); ok {
			return v, true
		}
	}
	return value, false
}

func (u *rule) apply(r *httpd.Request, value []byte, prefix int) ([]byte, bool) {
	part := value[prefix:]
	n := len(part)
	switch {
	case u.regex != nil:
		if !r.Match(u.regex, part) {
			return nil, false
		}
	case u.domain:
		if n > 0 && part[0] == '.' {
			part, prefix, n = part[1:], prefix+1, n-1
		}
		if p := u.pattern.Eval(r); len(p) != n || !h1.EqualFold(part, string(p)) {
			return nil, false
		}
	default:
		p := u.pattern.Eval(r)
		if !bytes.HasPrefix(part, p) {
			return nil, false
		}
		n = len(p)
	}
	replacement := u.replacement.Eval(r)
	if n == len(value) {
		return replacement, true
	}
	return r.Join(value[:prefix], replacement, value[prefix+n:]), true
}

// Redirects implements pass.Rewriter.
func (c *call) Redirects() bool { return c.target.rewrites != nil }

// RewriteRedirect implements pass.Rewriter.
func (c *call) RewriteRedirect(x *pass.Exchange, value []byte, prefix int) ([]byte, bool) {
	return c.target.rewrites.apply(x.R, value, prefix)
}
