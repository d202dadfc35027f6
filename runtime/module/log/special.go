package log

import (
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/module/log/logformat"
)

type special = logformat.Special[*httpd.Request]

// specials are the names that a line computes itself. They exist as variables
// too; here they need no memory of the request, and they are exact at the time
// of logging.
func specials() map[string]special {
	return map[string]special{
		"pipe": func(dst []byte, r *httpd.Request) []byte {
			if r.Pipelined() {
				return append(dst, 'p')
			}
			return append(dst, '.')
		},
		"time_local":   func(dst []byte, _ *httpd.Request) []byte { return append(dst, clock.LogTime()...) },
		"time_iso8601": func(dst []byte, _ *httpd.Request) []byte { return append(dst, clock.ISO8601()...) },
		"msec":         func(dst []byte, _ *httpd.Request) []byte { return clock.Now().AppendMsec(dst) },
		"request_time": func(dst []byte, r *httpd.Request) []byte {
			return appendSeconds(dst, (clock.Mono()-r.Start)/1e6)
		},
		"status": func(dst []byte, r *httpd.Request) []byte {
			return appendPadded(dst, r.StatusCode())
		},
		"bytes_sent": func(dst []byte, r *httpd.Request) []byte {
			return strconv.AppendInt(dst, r.Main().Sent(), 10)
		},
		"body_bytes_sent": func(dst []byte, r *httpd.Request) []byte {
			return strconv.AppendInt(dst, max(r.Main().Sent()-r.HeaderSize(), 0), 10)
		},
		"request_length": func(dst []byte, r *httpd.Request) []byte {
			return strconv.AppendInt(dst, r.Length(), 10)
		},
	}
}

// appendSeconds appends milliseconds as seconds with three decimals.
func appendSeconds(dst []byte, ms int64) []byte {
	ms = max(ms, 0)
	dst = strconv.AppendInt(dst, ms/1000, 10)
	dst = append(dst, '.')
	return appendPadded(dst, int(ms%1000))
}

// appendPadded appends n with three digits at least.
func appendPadded(dst []byte, n int) []byte {
	if n < 100 {
		dst = append(dst, '0')
	}
	if n < 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(n), 10)
}
