package conf

import (
	"slices"
	"strings"
	"testing"
)

func TestReferenceIsUsable(t *testing.T) {
	rows := Reference()
	if len(rows) < 1000 {
		t.Fatalf("%d rows", len(rows))
	}
	for i := range rows {
		s := &rows[i]
		if s.Name == "" || s.Module == "" || s.Contexts == 0 {
			t.Errorf("row %d: %+v", i+2, s)
		}
		for _, n := range s.Counts {
			if n < 0 {
				t.Errorf("%s: argument counts %v", s.Name, s.Counts)
			}
		}
		if s.Min < 0 || s.Max >= 0 && s.Max < s.Min {
			t.Errorf("%s: %d to %d arguments", s.Name, s.Min, s.Max)
		}
		if Find(s.Name, s.Module) == nil {
			t.Errorf("%s of %s is not found", s.Name, s.Module)
		}
	}
	if Find("listen", "ngx_http_gzip_module") != nil {
		t.Error("found a directive in a module that has none of that name")
	}
}

func TestContexts(t *testing.T) {
	if got := parseContexts("http,server,location_if,mail_server"); got != HTTP|Server|LocationIf|MailServer {
		t.Errorf("%b", got)
	}
	all := strings.Fields(contextNames)
	if got := parseContexts(strings.Join(all, ",")); got != MailServer<<1-1 {
		t.Errorf("names and constants differ: %b", got)
	}
	for c := Main; c <= MailServer; c <<= 1 {
		if got := c.String(); parseContexts(got) != c || !slices.Contains(all, got) {
			t.Errorf("%b is called %q", c, got)
		}
	}
	if got := (HTTP | Server).String(); got != "http, server" {
		t.Errorf("got %q", got)
	}
}

func TestArgumentCounts(t *testing.T) {
	for _, c := range []struct {
		rule   string
		allow  []int
		refuse []int
	}{
		{"1", []int{1}, []int{0, 2}},
		{"0", []int{0}, []int{1}},
		{"flag", []int{1}, []int{0, 2}},
		{"1-3", []int{1, 2, 3}, []int{0, 4}},
		{"2+", []int{2, 3, 100}, []int{0, 1}},
		{"any", []int{0, 1, 100}, nil},
		{"1,3", []int{1, 3}, []int{0, 2, 4}},
		{"block", []int{0}, []int{1}},
		{"block 1-2", []int{1, 2}, []int{0, 3}},
		{"block 2+", []int{2, 9}, []int{1}},
	} {
		var s Spec
		s.setCount(c.rule)
		for _, n := range c.allow {
			if !s.Allows(n) {
				t.Errorf("%q refuses %d", c.rule, n)
			}
		}
		for _, n := range c.refuse {
			if s.Allows(n) {
				t.Errorf("%q allows %d", c.rule, n)
			}
		}
	}
}

func TestVariables(t *testing.T) {
	want := map[string]VariableSpec{
		"arg_":           {Name: "arg_", Prefix: true, Subsystem: "http"},
		"uri":            {Name: "uri", Subsystem: "http"},
		"bytes_received": {Name: "bytes_received", Subsystem: "stream"},
	}
	for _, v := range Variables() {
		if w, ok := want[v.Name]; ok && v.Subsystem == w.Subsystem {
			if v.Prefix != w.Prefix {
				t.Errorf("%+v", v)
			}
			delete(want, v.Name)
		}
		if strings.ContainsAny(v.Name, "$ ") {
			t.Errorf("%+v", v)
		}
	}
	for name := range want {
		t.Errorf("no $%s", name)
	}
}
