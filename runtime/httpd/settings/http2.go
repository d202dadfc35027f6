package settings

// HTTP2 are the settings of ngx_http_v2_module, of a server and, for ChunkSize, a location.
type HTTP2 struct {
	On          bool
	MaxStreams  int   // that a client may have open
	PrereadSize int64 // the window of a stream until its body is read, in bytes
	ChunkSize   int64 // the largest DATA frame of a response, in bytes
}
