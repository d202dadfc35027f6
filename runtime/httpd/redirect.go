package httpd

// SplitArgs cuts uri at its first question mark; args is nil without one.
func SplitArgs(uri []byte) (path, args []byte) {
	for i, c := range uri {
		if c == '?' {
			return uri[:i], uri[i+1:]
		}
	}
	return uri, nil
}

// InternalRedirect continues the request at another URI, from the server's
// rewrite phase on. Return its result.
func (r *Request) InternalRedirect(uri, args []byte) Result {
	if r.uriChanges--; r.uriChanges == 0 {
		r.Errorf(nil, `rewrite or internal redirection cycle while internally redirecting to "%s"`, uri)
		return StatusInternalServerError
	}
	if r.Debugging() {
		r.Debugf(`internal redirect: "%s?%s"`, uri, args)
	}
	r.URI, r.Args = uri, args
	clear(r.ctx)
	r.main.action = ""
	r.loc = r.srv.Root
	r.enterLocation()
	r.internal = true
	r.Proto.ValidUnparsed = false
	r.addURIToAlias = false
	r.validLocation = true
	r.resumeAt = atServer
	r.Trace(Event{Kind: EventInternal})
	return Redirect
}

// NamedLocation continues the request in a named location. Return its result.
func (r *Request) NamedLocation(name []byte) Result {
	if r.uriChanges--; r.uriChanges == 0 {
		r.Errorf(nil, `rewrite or internal redirection cycle while redirect to named location "%s"`, name)
		return StatusInternalServerError
	}
	if len(r.URI) == 0 {
		r.Errorf(nil, `empty URI in redirect to named location "%s"`, name)
		return StatusInternalServerError
	}
	if r.Debugging() {
		r.Debugf(`test location: "%s"`, name)
	}
	l, ok := r.srv.Root.Tree.Named(name)
	if !ok {
		r.Errorf(nil, `could not find named location "%s"`, name)
		return StatusInternalServerError
	}
	if r.Debugging() {
		r.Debugf(`using location: %s "%s?%s"`, name, r.URI, r.Args)
	}
	r.internal = true
	r.uriChanged = false
	clear(r.ctx)
	r.loc = l
	r.enterLocation()
	r.resumeAt = atLocation
	r.Trace(Event{Kind: EventNamed, Text: name})
	return Redirect
}

// uriChangeLimit is nginx's NGX_HTTP_MAX_URI_CHANGES plus one.
const uriChangeLimit = 11
