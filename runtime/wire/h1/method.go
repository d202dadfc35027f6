package h1

// Method is a set of request methods, one bit each, so that a configuration
// (limit_except, proxy_cache_methods, dav_methods) can hold several.
type Method uint32

// The methods nginx has a name for. Any other token of upper-case letters,
// '-' and '_' is Unknown and is still a valid request.
const (
	Unknown Method = 1 << iota
	Get
	Head
	Post
	Put
	Delete
	Mkcol
	Copy
	Move
	Options
	Propfind
	Proppatch
	Lock
	Unlock
	Patch
	Trace
	Connect
)

// LookupMethod returns the method called name, Unknown if there is none. The
// comparison is exact: nginx knows upper case only.
func LookupMethod(name []byte) Method {
	switch string(name) {
	case "GET":
		return Get
	case "HEAD":
		return Head
	case "POST":
		return Post
	case "PUT":
		return Put
	case "DELETE":
		return Delete
	case "MKCOL":
		return Mkcol
	case "COPY":
		return Copy
	case "MOVE":
		return Move
	case "OPTIONS":
		return Options
	case "PROPFIND":
		return Propfind
	case "PROPPATCH":
		return Proppatch
	case "LOCK":
		return Lock
	case "UNLOCK":
		return Unlock
	case "PATCH":
		return Patch
	case "TRACE":
		return Trace
	case "CONNECT":
		return Connect
	}
	return Unknown
}

// isMethodByte tells whether c can stand in a method name.
func isMethodByte(c byte) bool {
	return c >= 'A' && c <= 'Z' || c == '_' || c == '-'
}
