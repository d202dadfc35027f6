package tlstable_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/tlstable"
)

// load reads a file with the directives of both sides.
func load(t *testing.T, text string) (server, gateway *tlstable.Settings, problem string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nginx.conf")
	if err := os.WriteFile(path, []byte("http { "+text+" }"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := conf.NewLoader(path, "/")
	l.Module("ngx_http_core_module").Block("http", func(c *conf.Cmd) error {
		c.Enter(c.Block.Child(conf.HTTP, c.Node))
		return nil
	})
	bind := func(prefix string) func(*tlstable.Settings, *conf.Table) {
		return func(s *tlstable.Settings, t *conf.Table) { s.Bind(t, prefix) }
	}
	one := conf.NewSection(l.Module("ngx_http_ssl_module"), tlstable.Defaults("HIGH"), bind("ssl_"))
	two := conf.NewSection(l.Module("ngx_http_proxy_module"), tlstable.Defaults("DEFAULT"), bind("proxy_ssl_"))
	l.Complete()
	if err := l.Load(""); err != nil {
		text, _, _ := strings.Cut(err.Error(), " in "+path)
		return nil, nil, text
	}
	if got := l.Unlisted(); len(got) > 0 {
		t.Errorf("no directives: %q", got)
	}
	block := l.Main.Children()[0]
	return one.Of(block), two.Of(block), ""
}

func TestBothSides(t *testing.T) {
	server, gateway, problem := load(t, "ssl_ciphers A; ssl_certificate_cache max=2 valid=5m; proxy_ssl_crl b; proxy_ssl_conf_command MinProtocol TLSv1.3;")
	if problem != "" {
		t.Fatal(problem)
	}
	if server.Ciphers != "A" || server.CRL != "" || server.Cache == nil || server.Cache.Valid != 5*time.Minute ||
		server.Cache.Inactive != 10*time.Second || server.Depth != 1 {
		t.Errorf("server: %+v", server)
	}
	if gateway.Ciphers != "DEFAULT" || gateway.CRL != "b" || gateway.Cache != nil || len(gateway.Commands.Items) != 1 {
		t.Fatalf("gateway: %+v", gateway)
	}
	var cfg tls.Config
	if err := gateway.Commands.Items[0].Bound(&cfg); err != nil || cfg.MinVersion != tls.VersionTLS13 {
		t.Errorf("least version %x, %v", cfg.MinVersion, err)
	}
}

func TestCertificateCache(t *testing.T) {
	for _, prefix := range []string{"ssl_", "proxy_ssl_"} {
		name := prefix + "certificate_cache"
		for args, want := range map[string]string{
			"off":              "",
			"off max=1":        "",
			"max=1 inactive=x": `invalid parameter "inactive=x"`,
			"max=0":            `invalid parameter "max=0"`,
			"off any":          `invalid parameter "any"`,
			"off=1":            `invalid parameter "off=1"`,
			"valid=1":          `"` + name + `" must have the "max" parameter`,
		} {
			if _, _, got := load(t, name+" "+args+";"); got != want {
				t.Errorf("%s %s: %q, want %q", name, args, got, want)
			}
		}
	}
}
