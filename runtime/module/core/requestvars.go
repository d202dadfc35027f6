package core

import (
	"github.com/sluiceproxy/sluice/runtime/httpd"
	"github.com/sluiceproxy/sluice/runtime/wire/h1"
)

func defineRequestVars(b *httpd.Builder) {
	v := b.Vars
	v.Define("host", always(host))
	v.Define("request_uri", fixed(func(r *httpd.Request) []byte { return r.Main().Unparsed }))
	v.Define("uri", fresh(func(r *httpd.Request) []byte { return r.URI }))
	v.Define("document_uri", fresh(func(r *httpd.Request) []byte { return r.URI }))
	v.Define("request", fixed(func(r *httpd.Request) []byte { return r.Main().Line.Line }))
	v.Define("document_root", alwaysFresh((*httpd.Request).Root))
	v.Define("realpath_root", fresh(realRoot))
	v.Define("query_string", fresh(func(r *httpd.Request) []byte { return r.Args }))
	args := fresh(func(r *httpd.Request) []byte { return r.Args })
	args.Changeable = true
	args.Set = func(r *httpd.Request, b []byte) { r.Args, r.Proto.ValidUnparsed = b, false }
	v.Define("args", args)
	v.Define("is_args", alwaysFresh(func(r *httpd.Request) []byte {
		if len(r.Args) == 0 {
			return nil
		}
		return []byte("?")
	}))
	v.Define("request_filename", fresh(func(r *httpd.Request) []byte {
		p, _ := r.MapURI()
		return p
	}))
	v.Define("request_method", fresh(func(r *httpd.Request) []byte { return r.Main().MethodStr }))
	v.Define("remote_user", fixed((*httpd.Request).RemoteUser))
	v.Define("request_length", alwaysFresh(func(r *httpd.Request) []byte { return r.Number(r.Main().Proto.Length) }))
	v.Define("request_id", always((*httpd.Request).RequestID))
	v.Define("request_body", fixed(bodyText))
	v.Define("request_body_file", fixed(func(r *httpd.Request) []byte {
		if f := r.Main().Body.File; f != nil {
			return []byte(f.Name())
		}
		return nil
	}))
	v.Define("content_length", fresh(contentLength))
	v.Define("content_type", fixed(func(r *httpd.Request) []byte { return joinFields(r, h1.ContentType) }))
	v.Define("is_request_port", always(func(r *httpd.Request) []byte {
		if r.Proto.Port == 0 {
			return nil
		}
		return []byte(":")
	}))
	v.Define("request_port", always(func(r *httpd.Request) []byte {
		if r.Proto.Port == 0 {
			return nil
		}
		return r.Number(int64(r.Proto.Port))
	}))
	rate := alwaysFresh(func(r *httpd.Request) []byte { return r.Number(r.LimitRate()) })
	rate.Changeable = true
	rate.Set = func(r *httpd.Request, b []byte) {
		if n, ok := parseRate(b); ok {
			r.SetLimitRate(n)
		}
	}
	v.Define("limit_rate", rate)
}

func definePrefixVars(b *httpd.Builder) {
	v := b.Vars
	v.DefinePrefix("arg_", httpd.Var{NoCache: true, Get: func(r *httpd.Request, name string) ([]byte, bool) {
		return h1.ArgValue(r.Args, name)
	}})
	v.DefinePrefix("cookie_", httpd.Var{Get: func(r *httpd.Request, name string) ([]byte, bool) { return cookie(r, name) }})
	for name, id := range map[string]h1.FieldID{
		"http_host": h1.Host, "http_user_agent": h1.UserAgent, "http_referer": h1.Referer, "http_via": h1.Via,
	} {
		v.Define(name, fixed(func(r *httpd.Request) []byte { return joinFields(r, id) }))
	}
	in := httpd.Var{Get: func(r *httpd.Request, name string) ([]byte, bool) { return inHeader(r, name) }}
	v.DefinePrefix("http_", in)
	out := httpd.Var{Get: func(r *httpd.Request, name string) ([]byte, bool) { return joinHeaders(r, r.Out.List, name) }}
	v.DefinePrefix("sent_http_", out)
	// These have names of their own, which nothing else may take.
	for _, name := range []string{"cookie", "x_forwarded_for"} {
		in.Arg = name
		v.Define("http_"+name, in)
	}
	for _, name := range []string{"cache_control", "link"} {
		out.Arg = name
		v.Define("sent_http_"+name, out)
	}
	v.DefinePrefix("sent_trailer_", httpd.Var{Get: func(r *httpd.Request, name string) ([]byte, bool) {
		return joinHeaders(r, r.Out.Trailers, name)
	}})
}
