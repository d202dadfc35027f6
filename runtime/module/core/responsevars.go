package core

import (
	"strconv"

	"github.com/sluiceproxy/sluice/runtime/clock"
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

func defineResponseVars(b *httpd.Builder) {
	v := b.Vars
	v.Define("bytes_sent", alwaysFresh(func(r *httpd.Request) []byte { return r.Number(r.Main().Proto.Sent) }))
	v.Define("body_bytes_sent", alwaysFresh(func(r *httpd.Request) []byte { return r.Number(r.Main().BodySent()) }))
	v.Define("status", alwaysFresh(func(r *httpd.Request) []byte {
		n := r.StatusCode()
		if n == 0 {
			return []byte("000")
		}
		if n == 9 {
			return []byte("009")
		}
		return r.Number(int64(n))
	}))
	v.Define("request_completion", always(func(r *httpd.Request) []byte {
		if r.Main().Proto.Complete {
			return []byte("OK")
		}
		return nil
	}))
	v.Define("sent_http_content_type", fixed(func(r *httpd.Request) []byte {
		if len(r.Out.ContentType) == 0 {
			return nil
		}
		return r.Out.ContentType
	}))
	v.Define("sent_http_content_length", fixed(func(r *httpd.Request) []byte {
		if r.Out.ContentLength >= 0 {
			return r.Number(r.Out.ContentLength)
		}
		return r.Out.Value(h1.ContentLength)
	}))
	v.Define("sent_http_location", httpd.Var{Get: func(r *httpd.Request, _ string) ([]byte, bool) {
		if h := r.Out.Find(h1.Location); h != nil { // not sent, or set by post_action since
			return h.Value, true
		}
		if r.Proto.SentLocation != nil {
			return r.Proto.SentLocation, true
		}
		return joinHeaders(r, r.Out.List, "location") // of add_header
	}})
	v.Define("sent_http_last_modified", fixed(func(r *httpd.Request) []byte {
		switch {
		case r.Out.LastModGone:
			return nil
		case r.Out.LastModListed:
			return r.Out.Value(h1.LastModified)
		case r.Out.LastModText != nil:
			return r.Out.LastModText
		case r.Out.LastModified >= 0:
			return clock.AppendHTTPDate(r.Alloc(29)[:0], r.Out.LastModified)
		}
		return nil
	}))
	v.Define("sent_http_connection", always(func(r *httpd.Request) []byte {
		switch {
		case r.Out.Status == 101:
			return []byte("upgrade")
		case keepsAlive(r):
			return []byte("keep-alive")
		}
		return []byte("close")
	}))
	v.Define("sent_http_keep_alive", fixed(func(r *httpd.Request) []byte {
		if s := r.Core().KeepaliveHeader; s > 0 && keepsAlive(r) {
			return append(append(r.Alloc(32)[:0], "timeout="...), strconv.FormatInt(s, 10)...)
		}
		return nil
	}))
	v.Define("sent_http_transfer_encoding", fixed(func(r *httpd.Request) []byte {
		if r.Proto.Chunked {
			return []byte("chunked")
		}
		return nil
	}))
}

func defineTimeVars(b *httpd.Builder) {
	v := b.Vars
	v.Define("request_time", alwaysFresh(func(r *httpd.Request) []byte { return seconds(r, r.Main().Start) }))
	v.Define("msec", alwaysFresh(func(r *httpd.Request) []byte { return clock.Now().AppendMsec(r.Alloc(24)[:0]) }))
	v.Define("time_iso8601", alwaysFresh(func(*httpd.Request) []byte { return clock.ISO8601() }))
	v.Define("time_iso8601_ms", alwaysFresh(func(r *httpd.Request) []byte {
		t := clock.Now()
		iso := t.ISO8601()
		ms := t.AppendMsec(r.Alloc(24)[:0])
		return r.Join(iso[:19], ms[len(ms)-4:], iso[19:])
	}))
	v.Define("time_local", alwaysFresh(func(*httpd.Request) []byte { return clock.LogTime() }))
}
