package httpd

// Ext returns the file name extension of the URI, without the dot.
func (r *Request) Ext() []byte {
	u := r.URI
	for i := len(u) - 1; i > 1; i-- {
		switch {
		case u[i] == '.' && u[i-1] != '/':
			return u[i+1:]
		case u[i] == '/':
			return nil
		}
	}
	return nil
}

// SetContentType sets Content-Type by the URI's extension, unless it is set.
func (r *Request) SetContentType() {
	if len(r.Out.ContentType) > 0 {
		return
	}
	r.Out.ContentType = r.loc.Core.Types.Of(r.Ext(), r.loc.Core.DefaultType)
	r.Out.CharsetSet = true
}
