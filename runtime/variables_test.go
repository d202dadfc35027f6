package runtime

import (
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// setVariable loads a configuration with one use of set and returns what is wrong with it.
func setVariable(name, value string) string {
	_, err := memory{}.load([]byte("events { } http { server { set " + name + " " + value + "; } }"))
	if err == nil {
		return ""
	}
	text, _, _ := strings.Cut(err.Error(), " in /etc/nginx/"+mainFile)
	return text
}

// TestEveryVariable uses and sets every variable of nginx, in small letters and in capitals.
func TestEveryVariable(t *testing.T) {
	missing := 0
	for _, v := range conf.Variables() {
		if v.Subsystem != "http" {
			continue
		}
		name := v.Name
		if v.Prefix {
			name += "x"
		}
		t.Run(name, func(t *testing.T) {
			used := setVariable("$probe", "$"+name)
			absent := used != ""
			if absent {
				missing++
				want := `the "` + name + `" variable is known to nginx but not supported here`
				if v.Unset {
					want = `unknown "` + name + `" variable`
				}
				if used != want {
					t.Errorf("used: %s", used)
				}
			}
			if again := setVariable("$probe", "a${"+strings.ToUpper(name)+"}b"); (again != "") != absent && !v.Prefix {
				t.Errorf("in capitals: %s", again)
			}
			want := ""
			if vendor := v.Since == "1.23.3"; !v.Settable && !v.Prefix && !absent && !vendor { // in families here
				want = `the duplicate "` + name + `" variable`
			}
			if got := setVariable("$"+name, "x"); got != want {
				t.Errorf("set: %q, want %q", got, want)
			}
		})
	}
	if got := setVariable("$probe", "$no_such_thing"); got != `unknown "no_such_thing" variable` {
		t.Errorf("a variable that nobody has: %s", got)
	}
	t.Logf("%d variables are missing", missing)
}
