// Package defaultpage holds the built-in pages of response codes, which a client sees where
// no error_page says otherwise.
package defaultpage

import "github.com/sluiceproxy/sluice/runtime/product"

// titles are the texts of the default pages.
var titles = map[int]string{
	301: "301 Moved Permanently", 302: "302 Found", 303: "303 See Other", 307: "307 Temporary Redirect",
	308: "308 Permanent Redirect",
	400: "400 Bad Request", 401: "401 Authorization Required", 402: "402 Payment Required", 403: "403 Forbidden",
	404: "404 Not Found", 405: "405 Not Allowed", 406: "406 Not Acceptable", 407: "407 Proxy Authentication Required",
	408: "408 Request Time-out",
	409: "409 Conflict", 410: "410 Gone", 411: "411 Length Required", 412: "412 Precondition Failed",
	413: "413 Request Entity Too Large", 414: "414 Request-URI Too Large", 415: "415 Unsupported Media Type",
	416: "416 Requested Range Not Satisfiable", 421: "421 Misdirected Request", 429: "429 Too Many Requests",
	500: "500 Internal Server Error", 501: "501 Not Implemented", 502: "502 Bad Gateway",
	503: "503 Service Temporarily Unavailable", 504: "504 Gateway Time-out", 505: "505 HTTP Version Not Supported",
	507: "507 Insufficient Storage",
}

// details are the codes that are 400 to the client and say more.
var details = map[int][2]string{
	494: {"400 Request Header Or Cookie Too Large", "Request Header Or Cookie Too Large"},
	495: {"400 The SSL certificate error", "The SSL certificate error"},
	496: {"400 No required SSL certificate was sent", "No required SSL certificate was sent"},
	497: {"400 The plain HTTP request was sent to HTTPS port", "The plain HTTP request was sent to HTTPS port"},
}

// pages holds the default pages without and with the version.
var pages, withVersion = build(product.Name), build(product.Name + "/" + product.Version)

// Of returns the page of a code, nil where it has none. full: it names the version.
func Of(code int, full bool) []byte {
	if full {
		return withVersion[code]
	}
	return pages[code]
}

func build(tail string) map[int][]byte {
	m := make(map[int][]byte, len(titles)+len(details))
	end := "<hr><center>" + tail + "</center>\r\n</body>\r\n</html>\r\n"
	for code, t := range titles {
		m[code] = []byte("<html>\r\n<head><title>" + t + "</title></head>\r\n<body>\r\n<center><h1>" + t +
			"</h1></center>\r\n" + end)
	}
	for code, d := range details {
		m[code] = []byte("<html>\r\n<head><title>" + d[0] + "</title></head>\r\n<body>\r\n" +
			"<center><h1>400 Bad Request</h1></center>\r\n<center>" + d[1] + "</center>\r\n" + end)
	}
	return m
}

// Padding makes error pages long enough for browsers that replace short ones.
var Padding = func() (p []byte) {
	for range 6 {
		p = append(p, "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"...)
	}
	return p
}()
