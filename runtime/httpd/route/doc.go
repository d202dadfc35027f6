// Package route holds the two lookups that every request makes: the server by the name the client asked for (Names) and
// the location by the URI (Locations). It corresponds to the hash of server names in ngx_hash.c and to the location tree of
// ngx_http_core_module.c; its tables map names, prefixes and expressions to values of any type.
//
//	var b route.NamesBuilder[*Server]
//	err := b.Add("*.example.com", srv) // ErrConflict: warn and go on; ErrInvalidName: stop
//	names := b.Build()
//	srv, re, caps, ok := names.Lookup(host, caps)
//
//	locs, err := route.NewLocations([]route.Location[*Loc]{
//		{Name: "/", Value: root},
//		{Name: "/images/", NoRegex: true, Value: images},
//		{Name: `\.php$`, Regex: php, Value: fastcgi},
//	})
//	res := locs.Find(uri, caps, nil)
//
// Tables are immutable once built, safe for concurrent use, and their lookups allocate nothing. Names are compared byte
// by byte: nginx's behaviour on systems with a caseless file system is not supported.
package route
