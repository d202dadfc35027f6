package stubstatus

import (
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/conf"
	"github.com/sluiceproxy/sluice/runtime/httpd"
)

// Module is ngx_http_stub_status_module.
func Module() httpd.Module {
	return httpd.Module{Name: "ngx_http_stub_status_module", Register: register}
}

func register(b *httpd.Builder, m *conf.Module) {
	stats := b.Env.Stats
	m.Directive("stub_status", func(cmd *conf.Cmd) error {
		b.SetContent(cmd, func(r *httpd.Request) httpd.Result { return page(r, stats) })
		return nil
	})
	counter := func(name string, n func() int64) {
		b.Vars.Define("connections_"+name, httpd.Var{NoCache: true, Get: func(r *httpd.Request, _ string) ([]byte, bool) {
			return r.Number(n()), true
		}})
	}
	counter("active", stats.Active.Load)
	counter("reading", stats.Reading.Load)
	counter("writing", stats.Writing.Load)
	counter("waiting", stats.Waiting.Load)
}

var plain = []byte("text/plain")

// page answers with the status page.
func page(r *httpd.Request, s *httpd.Stats) httpd.Result {
	if !r.IsGet() {
		return httpd.StatusNotAllowed
	}
	return r.Respond(200, plain, appendPage(r.Alloc(256)[:0], s))
}

// appendPage appends the page's text.
func appendPage(b []byte, s *httpd.Stats) []byte {
	number := func(text string, n int64, end string) {
		b = append(b, text...)
		b = strconv.AppendInt(b, n, 10)
		b = append(b, end...)
	}
	number("Active connections: ", s.Active.Load(), " \n")
	b = append(b, "server accepts handled requests\n"...)
	number(" ", s.Accepted.Load(), " ")
	number("", s.Handled.Load(), " ")
	number("", s.Requests.Load(), " \n")
	number("Reading: ", s.Reading.Load(), " ")
	number("Writing: ", s.Writing.Load(), " ")
	number("Waiting: ", s.Waiting.Load(), " \n")
	return b
}
