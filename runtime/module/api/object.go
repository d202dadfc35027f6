package api

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// object is an object of JSON, whose members are shown in their order.
type object []member

type member struct {
	name  string
	value any
}

func (o *object) add(name string, value any) { *o = append(*o, member{name, value}) }

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := encode(m.name)
		if err != nil {
			return nil, err
		}
		value, err := encode(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode is json.Marshal without escapes for HTML.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// fields is the argument of that name: which members of an object are shown.
type fields struct {
	given bool
	list  []string
}

func parseFields(value []byte, given bool) fields {
	f := fields{given: given}
	for name := range strings.SplitSeq(string(value), ",") {
		if name != "" {
			f.list = append(f.list, name)
		}
	}
	return f
}

// of returns the members of an object that are asked for.
func (f *fields) of(o object) object {
	if !f.given {
		return o
	}
	return slices.DeleteFunc(o, func(m member) bool { return !slices.Contains(f.list, m.name) })
}

// collection is objects by name; show makes one of them.
type collection struct {
	names []string
	show  func(i int) any
}

// all shows all objects of a collection, or only their names where no field is asked for.
func (f *fields) all(c collection) any {
	if f.given && len(f.list) == 0 {
		if c.names == nil {
			return []string{}
		}
		return c.names
	}
	o := object{}
	for i, name := range c.names {
		v := c.show(i)
		if one, ok := v.(object); ok {
			v = f.of(one)
		}
		o.add(name, v)
	}
	return o
}

// stamp is a time in the form of ISO 8601 with milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// stampOf is stamp for ms since 1970.
func stampOf(ms int64) string { return stamp(time.UnixMilli(ms)) }
