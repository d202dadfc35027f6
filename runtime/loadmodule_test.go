package runtime

import (
	"strings"
	"testing"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// TestLoadModule: what is built in is accepted, and what is not is refused by name.
func TestLoadModule(t *testing.T) {
	for _, test := range []struct {
		name  string
		lines string
		want  string // "" for accepted; PREFIX stands for the prefix
	}{
		{"built in", "load_module modules/ngx_stream_module.so;\nevents { }\n", ""},
		{"built in, elsewhere", "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\nevents { }\n", ""},
		{
			"twice", "load_module modules/ngx_stream_module.so;\nload_module other/ngx_stream_module.so;\n",
			`module "ngx_stream_module" is already loaded in PREFIXconf/nginx.conf:2`,
		},
		{
			"nginx has it", "load_module modules/ngx_http_perl_module.so;\n",
			`"ngx_http_perl_module" is known to nginx but not supported here in PREFIXconf/nginx.conf:1`,
		},
		{
			"not there", "load_module modules/no.so;\n",
			`dlopen() "PREFIXmodules/no.so" failed (PREFIXmodules/no.so: cannot open shared object file: No such file or directory) in PREFIXconf/nginx.conf:1`,
		},
		{
			"somebody's", "load_module conf/nginx.conf;\n",
			`module "PREFIXconf/nginx.conf" is not binary compatible: modules are built in here, and this is none of them in PREFIXconf/nginx.conf:1`,
		},
		{
			"too late", "events { }\nload_module modules/ngx_stream_module.so;\n",
			`"load_module" directive is specified too late in PREFIXconf/nginx.conf:2`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := write(t, test.lines)
			l := conf.NewLoader(o.ConfPath, o.Prefix)
			registerMain(l, nil)
			// Stream stands for any module: it counts as built in here, whether it is or not.
			l.Module("ngx_stream_core_module").Block("stream", func(*conf.Cmd) error { return nil })
			l.Complete()
			err := l.Load("")
			got := ""
			if err != nil {
				got = strings.ReplaceAll(err.Error(), o.Prefix, "PREFIX")
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
