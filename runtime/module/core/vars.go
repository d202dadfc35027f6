package core

import "github.com/sluiceproxy/sluice/runtime/httpd"

// defineVars registers the variables.
func defineVars(b *httpd.Builder) {
	defineRequestVars(b)
	defineConnectionVars(b)
	defineResponseVars(b)
	defineTimeVars(b)
	definePrefixVars(b)
}

// fixed makes a getter of a request's field.
func fixed(get func(r *httpd.Request) []byte) httpd.Var {
	return httpd.Var{Get: func(r *httpd.Request, _ string) ([]byte, bool) {
		b := get(r)
		return b, b != nil
	}}
}

// fresh is fixed for values that change during the request.
func fresh(get func(r *httpd.Request) []byte) httpd.Var {
	v := fixed(get)
	v.NoCache = true
	return v
}

// always makes a getter whose empty value is a value.
func always(get func(r *httpd.Request) []byte) httpd.Var {
	return httpd.Var{Get: func(r *httpd.Request, _ string) ([]byte, bool) { return get(r), true }}
}

func alwaysFresh(get func(r *httpd.Request) []byte) httpd.Var {
	v := always(get)
	v.NoCache = true
	return v
}
