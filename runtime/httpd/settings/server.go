package settings

import (
	"errors"

	"github.com/sluiceproxy/sluice/runtime/conf"
)

// Server are the http_core settings that hold before a location is
// chosen: http and server level only.
type Server struct {
	HeaderBufferSize   int64
	LargeHeaderBuffers conf.Buffers
	HeaderTimeout      int64 // ms
	IgnoreInvalid      bool
	MergeSlashes       bool
	Underscores        bool
	MaxHeaders         int
	connectionPool     int64 // only compared with the size of largeHeaderBuffers
}

// DefaultServer returns the settings that hold where no directive says otherwise.
func DefaultServer() Server {
	return Server{
		HeaderBufferSize: 1024, LargeHeaderBuffers: conf.Buffers{Num: 4, Size: 8192},
		HeaderTimeout: 60000, IgnoreInvalid: true, MergeSlashes: true, MaxHeaders: 1000,
		connectionPool: 512,
	}
}

// BindServer ties the directives to the settings.
func BindServer(c *Server, t *conf.Table) {
	t.Size("client_header_buffer_size", &c.HeaderBufferSize)
	t.Bufs("large_client_header_buffers", &c.LargeHeaderBuffers)
	t.Msec("client_header_timeout", &c.HeaderTimeout)
	t.Flag("ignore_invalid_headers", &c.IgnoreInvalid)
	t.Flag("merge_slashes", &c.MergeSlashes)
	t.Flag("underscores_in_headers", &c.Underscores)
	t.Num("max_headers", &c.MaxHeaders)
	t.Func("connection_pool_size", func(cmd *conf.Cmd) (err error) {
		c.connectionPool, err = cmd.PoolSize()
		return err
	})
}

// Check refuses settings that contradict each other.
func (c *Server) Check() error {
	if c.LargeHeaderBuffers.Size < c.connectionPool {
		return errors.New(`the "large_client_header_buffers" size must be equal to or greater than "connection_pool_size"`)
	}
	return nil
}
