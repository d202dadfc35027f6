package header

import "testing"

func TestMediaType(t *testing.T) {
	for _, c := range []struct {
		name, value string
		own         bool
		want        string
	}{
		{"of an upstream", "text/html; charset=utf-8", false, "text/html"},
		{"no space", "text/html;charset=utf-8", false, "text/html"},
		{"another case", "text/html; CHARSET=utf-8", false, "text/html"},
		{"behind another parameter", "text/html; a=b; charset=x", false, "text/html; a=b"},
		{"another parameter", "multipart/mixed; boundary=b", false, "multipart/mixed; boundary=b"},
		{"semicolon at the end", "text/html; ", false, "text/html; "},
		{"plain", "text/html", false, "text/html"},
		{"one of ours stays", "text/html; charset=utf-8", true, "text/html; charset=utf-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Out{ContentType: []byte(c.value), CharsetSet: c.own}
			if got := string(o.MediaType()); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestCharset(t *testing.T) {
	for _, c := range []struct {
		name, value string
		replace     bool
		want        string
		shown       bool
	}{
		{"set", "text/html", false, "text/html", true},
		{"a charset of its own stays", "text/html; charset=a", false, "text/html; charset=a", false},
		{"and is replaced", "text/html; charset=a", true, "text/html", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Out{ContentType: []byte(c.value)}
			if c.replace {
				o.ReplaceCharset([]byte("b"))
			} else {
				o.SetCharset([]byte("b"))
			}
			if string(o.ContentType) != c.want || o.CharsetSet != c.shown || string(o.Charset) != "b" {
				t.Errorf("%q, %v, %q", o.ContentType, o.CharsetSet, o.Charset)
			}
		})
	}
}
