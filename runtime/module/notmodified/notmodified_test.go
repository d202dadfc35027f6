package notmodified

import (
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/header"
)

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		name, list, etag string
		weak, want       bool
	}{
		{"star", "*", `"a"`, false, true},
		{"star without a tag", "*", "", false, true},
		{"no tag", `"a"`, "", false, false},
		{"equal", `"a"`, `"a"`, false, true},
		{"other", `"b"`, `"a"`, false, false},
		{"in a list", `"x", "y" , "a"`, `"a"`, false, true},
		{"first of a list", `"a" ,"y"`, `"a"`, false, true},
		{"only a prefix", `"a"b`, `"a"`, false, false},
		{"a prefix, then the tag", `"a"b, "a"`, `"a"`, false, true},
		{"empty items", `,, "a"`, `"a"`, false, true},
		{"strong against weak", `W/"a"`, `"a"`, false, false},
		{"weak against strong", `W/"a"`, `"a"`, true, true},
		{"weak against weak", `"x",W/"a"`, `W/"a"`, true, true},
		{"strong list, weak tag", `"a"`, `W/"a"`, true, true},
		{"strong comparison of weak tags", `W/"a"`, `W/"a"`, false, true},
		{"cut off", `"a`, `"a"`, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var h *header.Field
			if tc.etag != "" {
				h = &header.Field{Value: []byte(tc.etag)}
			}
			if got := match([]byte(tc.list), h, tc.weak); got != tc.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestUnmodified(t *testing.T) {
	const date = "Mon, 28 Sep 1970 06:00:00 GMT"
	const unix = 23349600
	for _, tc := range []struct {
		name, since string
		last        int64
		want        bool
	}{
		{"same", date, unix, true},
		{"older", date, unix - 1, true},
		{"newer", date, unix + 1, false},
		{"no date to compare with", date, -1, false},
		{"no date", "yesterday", unix, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := unmodified([]byte(tc.since), tc.last); got != tc.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func FuzzMatch(f *testing.F) {
	f.Add([]byte(`"a", W/"b"`), []byte(`"b"`), true)
	f.Add([]byte(`W/`), []byte(`W/""`), false)
	f.Fuzz(func(t *testing.T, list, etag []byte, weak bool) {
		h := &header.Field{Value: etag}
		if match(list, h, weak) && len(list) < len(etag)-2 && string(list) != "*" {
			t.Errorf("%q matches %q", list, etag)
		}
	})
}
