// Package buf lends byte buffers out and takes them back.
//
// It stands for nginx's ngx_buf_t storage (client_header_buffer_size,
// proxy_buffer_size and their like) with one difference that the memory
// figures rest on: a buffer is held only while there are bytes in it.
//
//	p := buf.NewPool(1024)
//	b := p.Get()          // len(b.B) == 1024
//	n := copy(b.B, data)
//	use(b.B[:n])
//	b.Free()
//
// Ownership: Get makes the caller the only owner; Free ends that, and no slice
// of B may be touched afterwards. Contents are not cleared between owners.
// Pools hand their memory back to the garbage collector when they are idle.
//
// Not supported: growing a buffer, sharing one between owners.
package buf
