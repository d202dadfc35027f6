package conf

import "slices"

// Table binds directive names to the fields of a section; see [NewSection].
// Each method names one directive, the field that takes its value, and the
// form of the value. Errors are nginx's.
type Table struct {
	module *Module
	add    func(name string, typed bool) // collecting the names
	name   string                        // applying: the directive at hand
	cmd    *Cmd
	err    error
}

// hit reports whether the directive at hand is name, whose value the table reads
// into one field.
func (t *Table) hit(name string) bool { return t.collect(name, true) }

// hitFree is hit for a directive with its own rules.
func (t *Table) hitFree(name string) bool { return t.collect(name, false) }

func (t *Table) collect(name string, typed bool) bool {
	if t.add != nil {
		t.add(name, typed)
		return false
	}
	return t.name == name
}

// Flag is "on" or "off".
func (t *Table) Flag(name string, p *bool) {
	if t.hit(name) {
		*p, t.err = t.cmd.Flag()
	}
}

// Flag reads the first argument as on or off.
func (c *Cmd) Flag() (bool, error) {
	switch v := c.Arg(0); {
	case equalFold(v, "on"):
		return true, nil
	case equalFold(v, "off"):
		return false, nil
	default:
		return false, c.Errorf(`invalid value "%s" in "%s" directive, it must be "on" or "off"`, v, c.Name.Value)
	}
}

// Int is a number not below low; high < low means no upper bound, low < 0 no
// bounds at all.
func (t *Table) Int(name string, p *int, low, high int) {
	if !t.collect(name, *p >= 0) { // below: no default, it is worked out later
		return
	}
	n, ok := ParseInt(t.cmd.Arg(0))
	switch {
	case !ok:
		t.err = t.cmd.Bad("invalid number")
	case low >= 0 && high < low && n < low:
		t.err = t.cmd.Errorf("value must be equal to or greater than %d", low)
	case high >= low && low >= 0 && (n < low || n > high):
		t.err = t.cmd.Errorf("value must be between %d and %d", low, high)
	default:
		*p = n
	}
}

// Num is a number without bounds.
func (t *Table) Num(name string, p *int) { t.Int(name, p, -1, -2) }

// Size is a number of bytes: 512, 8k, 1m.
func (t *Table) Size(name string, p *int64) { t.parsed(name, p, ParseSize) }

// Offset is a number of bytes that may also be given in gigabytes.
func (t *Table) Offset(name string, p *int64) { t.parsed(name, p, ParseOffset) }

func (t *Table) parsed(name string, p *int64, parse func(string) (int64, bool)) {
	if !t.collect(name, *p >= 0) { // see Int
		return
	}
	n, ok := parse(t.cmd.Arg(0))
	if !ok {
		t.err = t.cmd.Bad("invalid value")
		return
	}
	*p = n
}

// Msec is a time, kept in milliseconds.
func (t *Table) Msec(name string, p *int64) { t.parsed(name, p, ParseMsec) }

// Sec is a time, kept in seconds.
func (t *Table) Sec(name string, p *int64) { t.parsed(name, p, ParseSec) }

// Buffers are a number and a size of buffers.
type Buffers struct {
	Num  int
	Size int64
}

// Bufs is "number size".
func (t *Table) Bufs(name string, p *Buffers) {
	if !t.hit(name) {
		return
	}
	n, ok := ParseInt(t.cmd.Arg(0))
	size, ok2 := ParseSize(t.cmd.Arg(1))
	if !ok || !ok2 || n == 0 || size == 0 {
		t.err = t.cmd.Bad("invalid value")
		return
	}
	*p = Buffers{n, size}
}

// Str is a word taken as it is.
func (t *Table) Str(name string, p *string) {
	if t.hit(name) {
		*p = t.cmd.Arg(0)
	}
}

// Choice is a word and its meaning, for Enum and Bitmask.
type Choice struct {
	Word  string
	Value int
}

// words notes, while names are collected, what a directive may be given.
func (t *Table) words(name string, choices []Choice) {
	if t.add == nil {
		return
	}
	l := t.module.loader
	if l.choices == nil {
		l.choices = make(map[string][]Choice)
	}
	l.choices[t.module.Name+" "+name] = choices
}

// Enum is one of some words.
func (t *Table) Enum(name string, p *int, choices []Choice) {
	t.words(name, choices)
	if !t.hit(name) {
		return
	}
	i := slices.IndexFunc(choices, func(c Choice) bool { return equalFold(c.Word, t.cmd.Arg(0)) })
	if i < 0 {
		t.err = t.cmd.Errorf(`invalid value "%s"`, t.cmd.Arg(0))
		return
	}
	*p = choices[i].Value
}

// Bitmask is any number of some words; the first use in a block starts anew.
func (t *Table) Bitmask(name string, p *Slot[int], choices []Choice) {
	t.words(name, choices)
	if !t.hitFree(name) {
		return
	}
	mask := 0
	if p.SetAt(t.cmd.Block) {
		mask = p.V
	}
	for _, a := range t.cmd.Args {
		i := slices.IndexFunc(choices, func(c Choice) bool { return equalFold(c.Word, a.Value) })
		if i < 0 {
			t.err = t.cmd.Errorf(`invalid value "%s"`, a.Value)
			return
		}
		if mask&choices[i].Value != 0 {
			t.cmd.Warnf(`duplicate value "%s"`, a.Value)
			continue
		}
		mask |= choices[i].Value
	}
	p.Set(t.cmd.Block, mask)
}

// Strs collects the words of every use in a block.
func (t *Table) Strs(name string, p *List[string]) {
	if t.hitFree(name) {
		for _, a := range t.cmd.Args {
			p.Add(t.cmd.Block, a.Value)
		}
	}
}

// Func hands the directive to fn.
func (t *Table) Func(name string, fn func(c *Cmd) error) {
	if t.hitFree(name) {
		t.err = fn(t.cmd)
	}
}

// Block hands a block directive to fn, which reads the statements inside by
// itself or makes a block of them, see [Module.Block].
func (t *Table) Block(name string, fn func(c *Cmd) error) { t.Func(name, fn) }

func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if 'A' <= x && x <= 'Z' {
			x |= 0x20
		}
		if 'A' <= y && y <= 'Z' {
			y |= 0x20
		}
		if x != y {
			return false
		}
	}
	return true
}
