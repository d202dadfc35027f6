package conf

// hint is a tuning directive that has no meaning here. It is accepted, its
// form is checked, and docs/directives.md lists it as without effect.
type hint struct {
	why   string
	check func(*Cmd) error
}

// Reasons why a directive has no effect that several modules give.
const (
	WhyHash = "tables are sized by themselves; names that nginx's would not hold are refused"
	WhyPool = "memory is pooled by size classes"
	WhyFile = "file I/O is chosen by size of the file"
)

// Hint adds a tuning directive that has no effect here, for the reason why; check
// returns nginx's error for a wrong form. The hint applies to the directives of that
// name in all subsystems. A directive that a module handles gets only the reason.
func (m *Module) Hint(name, why string, check func(*Cmd) error) {
	l := m.loader
	if Find(name, m.Name) == nil {
		l.unlisted = append(l.unlisted, name+" ("+m.Name+")")
	}
	if l.hints == nil {
		l.hints = map[string]*hint{}
	}
	l.hints[name] = &hint{why: why, check: check}
}

// hintFor returns what is registered for the directive of s, nil for nothing.
func (l *Loader) hintFor(s *Spec) *hint {
	if s.Plus {
		return nil
	}
	return l.hints[s.Name]
}

// HintReason returns why the directive of s has no effect, or "".
func (l *Loader) HintReason(s *Spec) string {
	if h := l.hintFor(s); h != nil {
		return h.why
	}
	return ""
}
