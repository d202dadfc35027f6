// Package gateway is what the modules of uwsgi and SCGI have in common: everything but the form of a request. nginx has the same
// code in both, ngx_http_uwsgi_module.c and ngx_http_scgi_module.c. The exchange with a peer is package pass.
//
//	gateway.Register(b, m, &gateway.Protocol{
//		Prefix: "scgi", Form: &form, Temp: b.Loader.Layout.ScgiTemp,
//		AppendParam: appendPair, Encoder: func(*conf.Block) gateway.Encoder { return encoder{} },
//	})
//
// makes the directives scgi_pass, scgi_param and all that pass.Settings has. A response has the form of package wire/cgi, and
// ends with the connection, which is not kept.
package gateway
