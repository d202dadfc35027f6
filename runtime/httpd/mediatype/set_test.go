package mediatype

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/header"
)

func TestSet(t *testing.T) {
	m := NewSet("text/html", "text/plain")
	for value, want := range map[string]bool{
		"text/html": true, "Text/HTML": true, "text/plain; charset=x": true, "text/htm": false, "text/plain; a=b": false, "": false,
	} {
		o := header.Out{ContentType: []byte(value)}
		if got := m.Match(&o); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
	all := Set{all: true}
	if !all.Match(&header.Out{}) {
		t.Error("* does not match a response without a type")
	}
}
