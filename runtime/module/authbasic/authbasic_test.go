package authbasic_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/httpd/httptest"
	"github.com/sluiceproxy/sluice/runtime/module/authbasic"
	"github.com/sluiceproxy/sluice/runtime/module/emptygif"
)

func TestAccess(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "users")
	if err := os.WriteFile(file, []byte("user:{PLAIN}right\nodd:$y$/9T$abcd$x\nnonsense:$9$x\nshort:$2y$x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := httptest.New(t, strings.ReplaceAll(`auth_basic "closed $arg_r"; auth_basic_user_file FILE; server {
		location / { empty_gif; }
		location /off { auth_basic off; empty_gif; }
		location /maybe { auth_basic $arg_r; empty_gif; }
		location /missing { auth_basic_user_file FILE.missing; empty_gif; }
		location /folder { auth_basic_user_file $arg_f; empty_gif; }
		location /any { satisfy any; empty_gif; }
	}`, "FILE", file), emptygif.Module(), authbasic.Module())
	basic := func(text string) string {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(text))
	}
	for _, c := range []struct {
		name, target, field string
		status              int
		challenge, log      string
	}{
		{"nobody", "/?r=x", "", 401, `Basic realm="closed x"`, "no user/password was provided for basic authentication"},
		{"right", "/", basic("user:right"), 200, "", ""},
		{"small letters", "/", strings.Replace(basic("user:right"), "Basic", "basic", 1), 200, "", ""},
		{"wrong", "/", basic("user:wrong"), 401, `Basic realm="closed "`, `user "user": password mismatch`},
		{"unknown", "/", basic("other:right"), 401, `Basic realm="closed "`, `user "other" was not found in "` + file + `"`},
		{"no name", "/", basic(":right"), 401, `Basic realm="closed "`, "no user/password was provided"},
		{"no colon", "/", basic("user"), 401, `Basic realm="closed "`, "no user/password was provided"},
		{"bearer", "/", "Authorization: Bearer x", 401, `Basic realm="closed "`, "no user/password was provided"},
		{"odd", "/", basic("odd:x"), 500, "", "crypt_r() failed (22: Invalid argument)"},
		{"a form nobody knows", "/", basic("nonsense:x"), 401, `Basic realm="closed "`, `user "nonsense": password mismatch`},
		{"a broken form", "/", basic("short:x"), 401, `Basic realm="closed "`, `user "short": password mismatch`},
		{"off", "/off", "", 200, "", ""},
		{"off by a variable", "/maybe?r=off", "", 200, "", ""},
		{"on by a variable", "/maybe?r=x", "", 401, `Basic realm="x"`, ""},
		{"missing", "/missing", basic("user:right"), 403, "", `open() "` + file + `.missing" failed (2: No such file or directory)`},
		{"named by a variable", "/folder?f=" + file, basic("user:right"), 200, "", ""},
		{"not a file", "/folder?f=" + file + "/x", basic("user:right"), 500, "", `open() "` + file + `/x" failed (20: Not a directory)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var fields []string
			if c.field != "" {
				fields = append(fields, c.field)
			}
			before := len(s.Log())
			r := s.Get(c.target, fields...)
			if r.Status != c.status || r.Header.Get("WWW-Authenticate") != c.challenge {
				t.Errorf("%d %q", r.Status, r.Header.Get("WWW-Authenticate"))
			}
			if log := s.Log()[before:]; !strings.Contains(log, c.log) {
				t.Errorf("log %q", log)
			}
		})
	}
}
