// Package buf has pools of byte buffers.
//
// It corresponds to the storage of nginx's ngx_buf_t (client_header_buffer_size,
// proxy_buffer_size and similar directives), with one difference that saves most of
// the memory: a buffer is held only while it contains bytes.
//
//	p := buf.NewPool(1024)
//	b := p.Get()          // len(b.B) == 1024
//	n := copy(b.B, data)
//	use(b.B[:n])
//	b.Free()
//
// Ownership: Get makes the caller the only owner; Free ends that, and no slice
// of B may be touched afterwards. Contents are not cleared between owners.
// The garbage collector frees buffers of pools that are idle.
//
// Not supported: growing a buffer, sharing one between owners.
package buf
