package hpack

// The places in the static table of names that are referred to by their number.
const (
	Authority       = 1
	Method          = 2
	Path            = 4
	Scheme          = 6
	StatusCode      = 8
	AcceptCharset   = 15
	AcceptEncoding  = 16
	AcceptRanges    = 18
	CacheControl    = 24
	ContentEncoding = 26
	ContentLength   = 28
	ContentRange    = 30
	ContentType     = 31
	Cookie          = 32
	Date            = 33
	ETag            = 34
	Expires         = 36
	Host            = 38
	LastModified    = 44
	Location        = 46
	Server          = 54
	SetCookie       = 55
	Vary            = 59
)

// entry is a field of a table.
type entry struct{ name, value []byte }

// static is the static table (RFC 7541, Appendix A); 0 is no entry.
var static = [...]entry{
	{},
	{[]byte(":authority"), nil},
	{[]byte(":method"), []byte("GET")},
	{[]byte(":method"), []byte("POST")},
	{[]byte(":path"), []byte("/")},
	{[]byte(":path"), []byte("/index.html")},
	{[]byte(":scheme"), []byte("http")},
	{[]byte(":scheme"), []byte("https")},
	{[]byte(":status"), []byte("200")},
	{[]byte(":status"), []byte("204")},
	{[]byte(":status"), []byte("206")},
	{[]byte(":status"), []byte("304")},
	{[]byte(":status"), []byte("400")},
	{[]byte(":status"), []byte("404")},
	{[]byte(":status"), []byte("500")},
	{[]byte("accept-charset"), nil},
	{[]byte("accept-encoding"), []byte("gzip, deflate")},
	{[]byte("accept-language"), nil},
	{[]byte("accept-ranges"), nil},
	{[]byte("accept"), nil},
	{[]byte("access-control-allow-origin"), nil},
	{[]byte("age"), nil},
	{[]byte("allow"), nil},
	{[]byte("authorization"), nil},
	{[]byte("cache-control"), nil},
	{[]byte("content-disposition"), nil},
	{[]byte("content-encoding"), nil},
	{[]byte("content-language"), nil},
	{[]byte("content-length"), nil},
	{[]byte("content-location"), nil},
	{[]byte("content-range"), nil},
	{[]byte("content-type"), nil},
	{[]byte("cookie"), nil},
	{[]byte("date"), nil},
	{[]byte("etag"), nil},
	{[]byte("expect"), nil},
	{[]byte("expires"), nil},
	{[]byte("from"), nil},
	{[]byte("host"), nil},
	{[]byte("if-match"), nil},
	{[]byte("if-modified-since"), nil},
	{[]byte("if-none-match"), nil},
	{[]byte("if-range"), nil},
	{[]byte("if-unmodified-since"), nil},
	{[]byte("last-modified"), nil},
	{[]byte("link"), nil},
	{[]byte("location"), nil},
	{[]byte("max-forwards"), nil},
	{[]byte("proxy-authenticate"), nil},
	{[]byte("proxy-authorization"), nil},
	{[]byte("range"), nil},
	{[]byte("referer"), nil},
	{[]byte("refresh"), nil},
	{[]byte("retry-after"), nil},
	{[]byte("server"), nil},
	{[]byte("set-cookie"), nil},
	{[]byte("strict-transport-security"), nil},
	{[]byte("transfer-encoding"), nil},
	{[]byte("user-agent"), nil},
	{[]byte("vary"), nil},
	{[]byte("via"), nil},
	{[]byte("www-authenticate"), nil},
}
